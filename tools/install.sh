#!/bin/sh
# install.sh VENV ARGUMENTS…: make the environment if it is missing, then pip install into it as pinned.
set -eu
venv=$1
shift

if ! "$venv/bin/python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then
	python=$(sh tools/find_python.sh)
	echo "Making $venv with $("$python" --version)."
	"$python" -m venv --clear "$venv"
fi
echo "Installing $* as pinned in constraints.txt …"
# Python compiles what is imported when it is; all of it, in one process, would take as long as the rest of this
pip() { "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile "$@"; }
pip --upgrade 'pip>=25.1'
pip --constraint constraints.txt "$@"
