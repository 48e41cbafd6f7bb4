"""Write the server's OpenAPI document into a file, for the types of the web app."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from reference import openapi

if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(openapi(), indent=1, sort_keys=True), encoding="utf-8")
