#!/bin/sh
# Write constraints.txt anew: the newest versions that suit every supported Python, and no index address.
set -eu
python=$(sh tools/find_python.sh)
[ -x .tools/pin/bin/uv ] || {
	"$python" -m venv --clear .tools/pin
	.tools/pin/bin/python -m pip install --quiet --disable-pip-version-check uv
}
resolved=$(mktemp)
trap 'rm -f "$resolved"' EXIT
.tools/pin/bin/uv pip compile --quiet --upgrade --universal --python-version 3.10 --no-header --no-annotate \
	--extra server --group dev --group docs --group audit --output-file "$resolved" pyproject.toml
{
	echo "# What we test with, for every supported Python. Written by \`make constraints\`; do not edit."
	cat "$resolved"
} >constraints.txt
echo "constraints.txt pins $(grep -c == constraints.txt) versions."
