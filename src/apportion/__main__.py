"""``python -m apportion``: the command line; alone it starts the server, as ``python -m argilla`` did."""

from __future__ import annotations

import sys

from apportion.cli.main import main

if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(arguments or ["server", "start"], prog_name="python -m apportion")
