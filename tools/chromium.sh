#!/bin/sh
# Print the path of a Chromium to test with; nothing where Playwright's own has been installed.
set -eu
find_it() { command -v chromium || command -v chromium-browser || command -v google-chrome || true; }

found=$(find_it)
if [ -z "$found" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	{ apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >&2
	found=$(find_it)
fi
[ -n "$found" ] || npx playwright install chromium >&2
echo "$found"
