#!/bin/sh
# entry.sh COMMAND…: how a container starts. Runs `apportion COMMAND…`, after it has seen to the first administrator.
#
# ADMIN_PASSWORD   when set, and there is no such user yet: the password of the administrator that is created
# ADMIN_USERNAME   their name; default admin
# ADMIN_API_KEY    their API key; made up and printed once when not set
#
# Without ADMIN_PASSWORD an empty server prints a code that lets the first visitor become its administrator.
set -eu

umask 077
home=${APPORTION_HOME:-/data}
if ! mkdir -p "$home" 2>/dev/null || ! [ -w "$home" ]; then
	echo "$home cannot be written to by user $(id -u). Mount a volume there that this user owns, or set APPORTION_HOME." >&2
	exit 3
fi
APPORTION_HOME=$home
export APPORTION_HOME

create_administrator() {
	[ -n "${ADMIN_PASSWORD:-}" ] || return 0
	# Through the environment of this one command: arguments can be read by every process of the machine.
	APPORTION_NEW_PASSWORD=$ADMIN_PASSWORD APPORTION_NEW_API_KEY=${ADMIN_API_KEY:-} apportion users create \
		--username "${ADMIN_USERNAME:-admin}" --first-name "${ADMIN_USERNAME:-admin}" --role admin
}

case " $* " in
*" --no-migrate "*) ;; # of several servers: whoever migrates creates the administrator, too
" server "*) create_administrator ;;
" db migrate "*)
	apportion "$@"
	create_administrator
	exit
	;;
esac
unset ADMIN_PASSWORD ADMIN_API_KEY # the server has no use for them

exec apportion "$@"
