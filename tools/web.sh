#!/bin/sh
# web.sh VENV install|schema|build|check|e2e|pictures: build, test and show the web app with the Node that pip installs
# into VENV.
set -eu
venv=$(cd "$1" && pwd)
what=$2
PATH="$venv/bin:$PATH"
export PATH
cd "$(dirname "$0")/../web"

# what is installed is what the lock file says
if ! cmp -s package-lock.json node_modules/.package-lock.seen 2>/dev/null; then
	echo "Installing what web/package-lock.json pins …"
	# it empties the folder first: never another checkout's, by way of a link
	[ ! -L node_modules ] || rm node_modules
	npm ci --loglevel=error
	cp package-lock.json node_modules/.package-lock.seen
fi

schema() { # the types of the server's API, into the file named
	python ../tools/openapi.py openapi.json
	npx openapi-typescript openapi.json --default-non-nullable=false -o "$1" >/dev/null 2>&1
}

case $what in
install) ;;
schema)
	schema src/api/schema.d.ts
	python ../tools/server_messages.py src/text/server/messages.json
	;;
build)
	npm run --silent build -- --logLevel=warn
	;;
check)
	schema node_modules/.schema-now.d.ts
	cmp -s node_modules/.schema-now.d.ts src/api/schema.d.ts || {
		echo "The server's API has changed: run \`make schema\`, then see what the types say." >&2
		exit 1
	}
	npm run --silent lint
	npm run --silent types
	npm run --silent test
	;;
e2e | pictures)
	APPORTION_PYTHON=$venv/bin/python
	APPORTION_CHROMIUM=$(sh ../tools/chromium.sh)
	export APPORTION_PYTHON APPORTION_CHROMIUM
	npm run --silent "$what"
	;;
*)
	echo "web.sh VENV install|schema|build|check|e2e|pictures" >&2
	exit 2
	;;
esac
