#!/bin/sh
# audit.sh VENV [--where-reachable]: are there known weaknesses in what we build on, and is what is deployed written as
# it should be?
#
# What needs no network comes first. Then pip-audit and npm ask public databases. A database that cannot be reached
# is told at the end and is no clean bill of health: exit code 0 all asked and nothing found, 1 something found,
# 3 something could not be asked. `make test` goes on after that (--where-reachable), since no change of ours is to
# blame for it; it fails on whatever was found.
set -eu
venv=$(cd "$1" && pwd)
unknown_is=3
[ "${2-}" = --where-reachable ] && unknown_is=0
cd "$(dirname "$0")/.."
found=0
unasked=''

say() { printf '\n== %s\n' "$1"; }
unknown() {
	echo "$1: $2"
	unasked="$unasked $1"
}

say 'What is pinned (no network)'
"$venv/bin/python" tools/pinned.py || found=1

say 'Python libraries (pip-audit)'
tool=.tools/audit
if [ ! -x "$tool/bin/pip-audit" ] || [ ! -x "$tool/bin/kubernetes-validate" ]; then
	sh tools/install.sh "$tool" --group audit || true
fi
if [ -x "$tool/bin/pip-audit" ]; then
	"$venv/bin/python" tools/pinned.py --list >"$tool/requirements.txt"
	log=$tool/pip-audit.log
	if "$tool/bin/pip-audit" --progress-spinner off --disable-pip --no-deps -r "$tool/requirements.txt" >"$log" 2>&1; then
		left_out=$(grep -c 'could not be audited' "$log" || true)  # it calls that a success
		if [ "$left_out" -gt 0 ]; then
			unknown pip-audit "nothing is known of $left_out of $(grep -c == "$tool/requirements.txt") libraries"
		else
			cat "$log"
		fi
	elif grep -q 'known vulnerabilit' "$log"; then
		cat "$log"
		found=1
	else
		tail -n 3 "$log"
		unknown pip-audit 'its database could not be reached'
	fi
else
	unknown pip-audit 'it could not be installed'
fi

say 'JavaScript libraries (npm audit)'
PATH="$venv/bin:$PATH"
export PATH
report=$(cd web && npm audit --json --omit=dev 2>/dev/null) || true
case $(printf '%s' "$report" | "$venv/bin/python" tools/pinned.py --npm-report) in
none) echo 'No known vulnerabilities found' ;;
unasked) unknown npm 'its database could not be reached' ;;
*)
	(cd web && npm audit --omit=dev) || true
	found=1
	;;
esac

say 'Dockerfiles and scripts'
if [ -x "$tool/bin/hadolint" ]; then
	"$tool/bin/hadolint" Dockerfile deploy/space/Dockerfile && echo 'hadolint: nothing' || found=1
else
	unknown hadolint 'it could not be installed'
fi
if [ -x "$tool/bin/shellcheck" ]; then
	"$tool/bin/shellcheck" deploy/*.sh tools/*.sh && echo 'shellcheck: nothing' || found=1
else
	unknown shellcheck 'it could not be installed'
fi

say 'Compose file and manifests'
lint() {
	program=$1
	shift
	if [ -x "$tool/bin/$program" ]; then
		"$tool/bin/$program" "$@" && echo "$program: nothing" || found=1
	else
		unknown "$program" 'it could not be installed'
	fi
}
lint yamllint --strict --config-file tools/yamllint.yaml deploy
lint check-jsonschema --builtin-schema vendor.compose-spec deploy/compose/compose.yaml
# kustomization.yaml is of a schema that comes with kubectl alone; tests/deploy looks whether what it names is there
lint kubernetes-validate --strict --quiet --kubernetes-version 1.31 deploy/kubernetes/deployment.yaml deploy/kubernetes/migrate.yaml \
	deploy/kubernetes/service.yaml deploy/kubernetes/disruption-budget.yaml deploy/kubernetes/secret.example.yaml

if [ "$found" = 1 ]; then
	say 'Something was found.'
	exit 1
fi
if [ -n "$unasked" ]; then
	say "NOT AUDITED:$unasked could not be installed or could not reach its database. Nothing is known either way."
	exit "$unknown_is"
fi
say 'Everything was asked, nothing was found.'
