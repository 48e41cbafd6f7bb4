"""The domain has no clock, dice, files or environment: ruff refuses them there, and only there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

IMPURE = [
    "import random\n\nrandom.random()\n",
    "import time\n\ntime.time()\n",
    "from time import monotonic\n\nmonotonic()\n",
    "from datetime import datetime\n\ndatetime.now()\n",
    "import datetime\n\ndatetime.datetime.now(datetime.timezone.utc)\n",
    "import datetime\n\ndatetime.date.today()\n",
    "import os\n\nprint(os.environ)\n",
    "import secrets\n\nsecrets.token_hex()\n",
    "from uuid import uuid4\n\nuuid4()\n",
    "from pathlib import Path\n\nPath()\n",
    "import numpy\n\nnumpy.random.default_rng()\n",
]


def banned(code: str, package: str) -> bool:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--no-cache",
        "--select",
        "TID251",
        "--output-format",
        "concise",
    ]
    place = ROOT / "src" / "apportion" / package / "imagined.py"
    ran = subprocess.run(
        [*command, "--stdin-filename", str(place), "-"], input=code, capture_output=True, text=True, cwd=ROOT
    )
    assert ran.returncode in (0, 1), ran.stderr
    return ran.returncode == 1


@pytest.mark.parametrize("code", IMPURE, ids=lambda code: code.splitlines()[-1])
def test_the_domain_may_not(code: str) -> None:
    assert banned(code, "domain")


def test_the_domain_may_work_with_times_it_is_given() -> None:
    assert not banned(
        "from datetime import datetime, timedelta, timezone\n\ndatetime.fromisoformat('')\n", "domain"
    )


def test_other_packages_may_read_the_clock() -> None:
    assert not banned("import time\n\ntime.time()\n", "server")
