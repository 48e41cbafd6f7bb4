#!/bin/sh
# Print a Python 3.10 or newer that works and can make environments; 3.11 if there is a choice.
# Found by running each candidate: a name on PATH may be a shim that leads nowhere.
set -u

works='import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))'
lacks_venv=''

try() {
	"$1" -c "$works" >/dev/null 2>&1 && { printf '%s\n' "$1"; exit 0; }
	"$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1 && lacks_venv=$1
}

[ -n "${PYTHON:-}" ] && try "$PYTHON"
for version in 3.11 3.12 3.13 3.10 3.14; do
	try "python$version"
	for path in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$version".*/bin/python; do
		[ -x "$path" ] && try "$path"
	done
done
try python3
try python

if [ -n "$lacks_venv" ]; then
	echo "$lacks_venv works but cannot make environments. On Debian and Ubuntu: apt install python3-venv" >&2
else
	echo "No Python 3.10 or newer was found. Install one, or name it: make PYTHON=/path/to/python …" >&2
fi
exit 1
