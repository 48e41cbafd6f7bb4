#!/bin/sh
# Run an OpenSearch of one's own, for tests and trying out: on loopback, in a folder of its own, without root's help.
#
#   opensearch.sh start FOLDER [NODES]        start 1 node, or several as one cluster; prints their addresses, joined by commas
#   opensearch.sh stop FOLDER [NODE [kill]]   end all of it, or one node (1, 2, …); `kill` as if the power had failed
#   opensearch.sh again FOLDER NODE           start a node that was ended
#   opensearch.sh remove FOLDER               end it and remove the folder
#
# APPORTION_OPENSEARCH_JAVA_OPTS are more options of Java.
# The programs come from Maven Central and are laid out once, in .tools/opensearch-VERSION or APPORTION_OPENSEARCH_HOME.
# Where Java or Maven is missing it prints one line to standard error and exits with 3. Started by root the nodes run as
# `nobody`: OpenSearch refuses to run as root.
set -eu
version=2.19.1
usage() { sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
command=$1
folder=$2
shift 2
here=$(cd "$(dirname "$0")/.." && pwd)
python=${APPORTION_PYTHON:-$here/.venv/bin/python}
programs=${APPORTION_OPENSEARCH_HOME:-$here/.tools/opensearch-$version}
heap=${APPORTION_OPENSEARCH_HEAP:-512m}

as_owner() {
	if [ "$(id -u)" = 0 ]; then
		setpriv --reuid nobody --regid nogroup --clear-groups "$@"
	else
		"$@"
	fi
}

fetch() { # artifact, folder
	mvn -q -B org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy \
		-Dartifact="$1" -DoutputDirectory="$2" >&2 ||
		{ echo "OpenSearch cannot be had here: Maven does not get $1." >&2; exit 3; }
}

dependencies() { # folder: the modules that the server's own zip leaves out, with what they need
	mkdir -p "$1"
	{
		echo '<project><modelVersion>4.0.0</modelVersion><groupId>apportion</groupId>'
		echo '<artifactId>opensearch-modules</artifactId><version>1</version><packaging>pom</packaging><dependencies>'
		for module in analysis-common lang-painless reindex-client parent-join-client mapper-extras-client; do
			echo "<dependency><groupId>org.opensearch.plugin</groupId><artifactId>$module</artifactId>"
			echo "<version>$version</version></dependency>"
		done
		echo '</dependencies></project>'
	} >"$1/pom.xml"
	mvn -q -B -f "$1/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
		-DincludeScope=runtime -DoutputDirectory="$1/jars" >&2 ||
		{ echo "OpenSearch cannot be had here: Maven does not get its modules." >&2; exit 3; }
}

module() { # name, class, extended modules, then the jars it consists of
	name=$1 class=$2 extended=$3
	shift 3
	mkdir -p "$laid/modules/$name"
	for jar in "$@"; do cp "$parts/modules/jars/$jar"-[0-9]*.jar "$laid/modules/$name/"; done
	printf '%s\n' "description=$name" "version=$version" "name=$name" "classname=$class" "java.version=11" \
		"opensearch.version=$version" "custom.foldername=" "extended.plugins=$extended" "has.native.controller=false" \
		>"$laid/modules/$name/plugin-descriptor.properties"
}

policy() { # module, permissions
	module=$1
	shift
	{ echo 'grant {'; printf '  permission %s;\n' "$@"; echo '};'; } >"$laid/modules/$module/plugin-security.policy"
}

lay_out() {
	[ ! -x "$programs/bin/opensearch" ] || return 0
	for needed in java mvn; do
		command -v "$needed" >/dev/null || { echo "OpenSearch cannot be had here: there is no $needed." >&2; exit 3; }
	done
	parts=$programs.parts.$$
	trap 'rm -rf "$parts"' EXIT
	mkdir -p "$parts"
	fetch "org.opensearch.distribution.integ-test-zip:opensearch:$version:zip" "$parts"
	fetch "org.opensearch.plugin:opensearch-knn:$version.0:zip" "$parts"
	dependencies "$parts/modules"
	"$python" -m zipfile -e "$parts/opensearch-$version.zip" "$parts"
	laid=$parts/opensearch-$version
	chmod +x "$laid"/bin/*
	module lang-painless org.opensearch.painless.PainlessPlugin "" lang-painless opensearch-scripting-painless-spi \
		antlr4-runtime asm asm-analysis asm-commons asm-tree asm-util
	policy lang-painless 'java.lang.RuntimePermission "createClassLoader"' 'java.lang.RuntimePermission "getClassLoader"' \
		'org.opensearch.secure_sm.ThreadContextPermission "markAsSystemContext"'
	module analysis-common org.opensearch.analysis.common.CommonAnalysisPlugin lang-painless analysis-common
	module reindex org.opensearch.index.reindex.ReindexPlugin "" reindex-client opensearch-rest-client \
		opensearch-ssl-config httpasyncclient httpclient httpcore httpcore-nio commons-codec commons-logging
	policy reindex 'java.net.SocketPermission "*", "connect"'
	module parent-join org.opensearch.join.ParentJoinPlugin "" parent-join-client
	module mapper-extras org.opensearch.index.mapper.MapperExtrasPlugin "" mapper-extras-client
	mkdir -p "$laid/plugins/opensearch-knn"
	"$python" -m zipfile -e "$parts/opensearch-knn-$version.0.zip" "$laid/plugins/opensearch-knn"
	mkdir -p "$(dirname "$programs")"
	mv -T "$laid" "$programs" 2>/dev/null || [ -x "$programs/bin/opensearch" ]
}

free_ports() { # how many
	"$python" -c 'import socket, sys
held = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in held: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in held])' "$1"
}

write_node() { # number, HTTP port, transport port
	node=$folder/node$1
	mkdir -p "$node/config" "$node/data" "$node/logs"
	cp "$programs/config/log4j2.properties" "$node/config/"
	mkdir -p "$node/config/jvm.options.d"
	# relative paths there start from the programs, where the node may not write
	sed "s#logs/#$node/logs/#g; s#=data\$#=$node/data#" "$programs/config/jvm.options" >"$node/config/jvm.options"
	printf -- '-Xms%s\n-Xmx%s\n' "$heap" "$heap" >"$node/config/jvm.options.d/heap.options"
	{
		echo "cluster.name: apportion-$(basename "$folder")"
		echo "node.name: node$1"
		echo "path.data: $node/data"
		echo "path.logs: $node/logs"
		echo "network.host: 127.0.0.1"
		echo "http.port: $2"
		echo "transport.port: $3"
		echo "discovery.seed_hosts: [$seeds]"
		echo "cluster.initial_cluster_manager_nodes: [$managers]"
		echo "bootstrap.memory_lock: false"
		# a full disk of the machine is its owner's business, not a test's
		echo "cluster.routing.allocation.disk.threshold_enabled: ${APPORTION_OPENSEARCH_DISK_THRESHOLD:-false}"
		echo "action.auto_create_index: false"
	} >"$node/config/opensearch.yml"
	echo "$2" >"$node/port"
	[ "$(id -u)" != 0 ] || chown -R nobody:nogroup "$node"
}

run_node() { # number
	node=$folder/node$1
	(
		cd "$node"
		export OPENSEARCH_PATH_CONF="$node/config" OPENSEARCH_JAVA_OPTS="-Djava.io.tmpdir=$node/data ${APPORTION_OPENSEARCH_JAVA_OPTS:-}"
		[ -n "${OPENSEARCH_JAVA_HOME:-${JAVA_HOME:-}}" ] ||
			OPENSEARCH_JAVA_HOME=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
			export OPENSEARCH_JAVA_HOME
		unset JAVA_TOOL_OPTIONS
		# by exec: a redirected function would keep our output open, and whoever reads it would wait for the node
		exec </dev/null >/dev/null 2>&1
		# shellcheck disable=SC2016 # for the inner shell
		as_owner sh -c 'echo $$ >data/pid; exec "$0" >logs/out 2>&1' "$run/bin/opensearch"
	) &
}

wait_for() { # node's folder, nodes
	"$python" - "http://127.0.0.1:$(cat "$1/port")" "$2" "$1/data/pid" <<'PY' || { tail -20 "$1/logs/out" >&2; exit 1; }
import os, sys, time, urllib.request
url, nodes, pid = sys.argv[1:]
until = time.monotonic() + 600
while time.monotonic() < until:
    try:
        asked = f"{url}/_cluster/health?wait_for_nodes=%3E%3D{nodes}&wait_for_status=yellow&timeout=5s"
        with urllib.request.urlopen(asked, timeout=10) as answer:
            if b'"timed_out":false' in answer.read():
                sys.exit(0)
    except OSError:
        pass
    time.sleep(0.25)
    try:
        with open(pid) as file:
            os.kill(int(file.read()), 0)
    except (OSError, ValueError) as reason:
        if not isinstance(reason, (PermissionError, ValueError, FileNotFoundError)):
            sys.exit("OpenSearch ended before it was ready.")
sys.exit("OpenSearch did not get ready within ten minutes.")
PY
}

# nobody may not look into a checkout under /root
choose_programs() {
	run=$programs
	if ! as_owner test -x "$run/bin/opensearch"; then
		[ -x "$folder/programs/bin/opensearch" ] || cp -R "$programs" "$folder/programs"
		run=$folder/programs
	fi
}

start() {
	nodes=${1:-1}
	lay_out
	mkdir -p "$folder"
	folder=$(cd "$folder" && pwd)
	[ "$(id -u)" != 0 ] || chown nobody:nogroup "$folder"
	choose_programs
	if [ ! -d "$folder/node1" ]; then
		# shellcheck disable=SC2046 # one port a word
		set -- $(free_ports $((2 * nodes)))
		seeds="" managers="" number=1
		for port in "$@"; do
			[ "$number" -gt "$nodes" ] && seeds="$seeds${seeds:+, }\"127.0.0.1:$port\""
			[ "$number" -gt "$nodes" ] || managers="$managers${managers:+, }\"node$number\""
			number=$((number + 1))
		done
		for number in $(seq "$nodes"); do
			eval "http=\${$number} transport=\${$((nodes + number))}"
			# shellcheck disable=SC2154 # set by eval
			write_node "$number" "$http" "$transport"
		done
	fi
	urls=
	for node in "$folder"/node*; do
		run_node "${node##*node}"
		urls=$urls${urls:+,}http://127.0.0.1:$(cat "$node/port")
	done
	for node in "$folder"/node*; do wait_for "$node" "$nodes"; done
	echo "$urls"
}

again() {
	folder=$(cd "$folder" && pwd)
	choose_programs
	run_node "$1"
	wait_for "$folder/node$1" 1
}

stop_node() { # folder of the node, signal
	[ -s "$1/data/pid" ] || return 0
	pid=$(cat "$1/data/pid")
	kill "-$2" "$pid" 2>/dev/null || true
	for _ in $(seq 300); do
		kill -0 "$pid" 2>/dev/null || { rm -f "$1/data/pid"; return 0; }
		sleep 0.1
	done
	kill -9 "$pid" 2>/dev/null || true
	rm -f "$1/data/pid"
}

stop() {
	signal=TERM
	[ "${2:-}" != kill ] || signal=KILL
	if [ $# -gt 0 ]; then
		stop_node "$folder/node$1" "$signal"
	else
		for node in "$folder"/node*; do stop_node "$node" "$signal"; done
	fi
}

case "$command" in
	start) start "$@" ;;
	stop) stop "$@" ;;
	again) [ $# = 1 ] || usage; again "$@" ;;
	remove)
		for node in "$folder"/node*; do stop_node "$node" KILL; done
		rm -rf "$folder"
		;;
	*) usage ;;
esac
