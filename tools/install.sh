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
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
exec "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt "$@"
