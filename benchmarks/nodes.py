"""An OpenSearch of one's own: nodes that can be stopped, killed and started again."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx

__all__ = ["Nodes", "nodes"]

_SCRIPT = Path(__file__).parents[1] / "tools" / "opensearch.sh"


class Nodes:
    """The nodes of one cluster in a folder, numbered from 1. ``settings`` are environment variables of the script."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self._folder = folder
        self._settings = settings
        self.url = ""
        """Their addresses, joined by commas."""

    def start(self, many: int = 1) -> None:
        """Start all of them. Raises ``FileNotFoundError`` where no OpenSearch can be had."""
        began = self._run("start", str(many))
        if began.returncode:
            raise FileNotFoundError(began.stderr.strip())
        self.url = began.stdout.strip()

    def suspend(self, node: int = 1) -> None:
        """Have a node keep its connections and answer nothing."""
        os.kill(self._pid(node), signal.SIGSTOP)

    def resume(self, node: int = 1) -> None:
        """Let it go on."""
        os.kill(self._pid(node), signal.SIGCONT)

    def kill(self, node: int = 1) -> None:
        """End a node as if the power had failed."""
        self._run("stop", str(node), "kill")

    def start_again(self, node: int = 1) -> None:
        """Start a node that was killed, and wait until it answers."""
        began = self._run("again", str(node))
        if began.returncode:
            raise RuntimeError(began.stderr.strip())

    def manager(self) -> int:
        """Return the node that leads the others."""
        ((name,),) = [each.split() for each in self._get("_cat/cluster_manager?h=node").splitlines()]
        return int(name.removeprefix("node"))

    def wait_until_green(self) -> None:
        """Wait until all nodes are there and every shard has its replicas."""
        many = len(self.url.split(","))
        self._get(f"_cluster/health?wait_for_nodes={many}&wait_for_status=green&timeout=120s")

    def _get(self, path: str) -> str:
        """Return what the first node that is there answers."""
        for url in self.url.split(","):
            with contextlib.suppress(httpx.ConnectError):
                return httpx.get(f"{url}/{path}", timeout=130).raise_for_status().text
        raise RuntimeError("no node is there")

    def stop(self) -> None:
        """End all of them; ``start`` goes on with what they have stored."""
        self._run("stop")

    def remove(self) -> None:
        """End all of them, and remove what they wrote."""
        self._run("remove")

    def _pid(self, node: int) -> int:
        return int((self._folder / f"node{node}" / "data" / "pid").read_text())

    def _run(self, command: str, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", _SCRIPT, command, self._folder, *more],
            env={**os.environ, **self._settings},
            capture_output=True,
            text=True,
        )


@contextlib.contextmanager
def nodes(many: int = 1, **settings: str) -> Iterator[Nodes]:
    """So many nodes as one cluster, removed afterwards."""
    parent = Path(tempfile.mkdtemp(prefix="apportion-opensearch-"))
    parent.chmod(0o755)
    found = Nodes(parent / "nodes", **settings)
    try:
        found.start(many)
        yield found
    finally:
        found.remove()
        shutil.rmtree(parent, ignore_errors=True)
