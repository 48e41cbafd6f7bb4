#!/bin/sh
# Start a PostgreSQL of its own and so many servers on it, with a demo team and data, at one address; Ctrl+C ends all.
#
#   tools/cluster.sh SERVERS [OPTION…]      options of `apportion quickstart`
#
# Everything is kept in .tools/cluster for the next time.
set -eu
[ $# -ge 1 ] || { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
servers=$1
shift
here=$(cd "$(dirname "$0")/.." && pwd)
folder=${CLUSTER_FOLDER:-$here/.tools/cluster}
python=${APPORTION_PYTHON:-$here/.venv/bin/python}

mkdir -p "$folder/home"
[ -s "$folder/secret" ] || (umask 077 && "$python" -c 'import secrets; print(secrets.token_urlsafe(48))' >"$folder/secret")
APPORTION_DATABASE_URL=$(sh "$here/tools/postgres.sh" start "$folder/postgres")
trap 'sh "$here/tools/postgres.sh" stop "$folder/postgres"' EXIT
trap : INT TERM # the servers end by the same signal, and PostgreSQL after them
APPORTION_SECRET_KEY=$(cat "$folder/secret")
APPORTION_HOME=$folder/home
APPORTION_PROCESSES=$servers
export APPORTION_DATABASE_URL APPORTION_SECRET_KEY APPORTION_HOME APPORTION_PROCESSES
"$python" -m apportion.cli.main quickstart "$@" &
child=$!
status=0
wait $child || status=$?
while kill -0 $child 2>/dev/null; do # a signal ended the wait: pass it on
	kill -TERM $child 2>/dev/null || true
	wait $child || status=$?
done
exit "$status"
