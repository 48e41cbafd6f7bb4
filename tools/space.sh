#!/bin/sh
# space.sh VENV: put everything a Hugging Face Space needs into dist/space, to be pushed as it is.
set -eu
venv=$1
out=dist/space
rm -rf "$out"
mkdir -p "$out"
"$venv/bin/python" -m hatchling build -t wheel -d "$out" >/dev/null
cp deploy/space/README.md deploy/space/Dockerfile deploy/entry.sh constraints.txt "$out"
ls "$out"
echo "$out is ready: push these files to a Space of the kind Docker."
