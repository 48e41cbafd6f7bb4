#!/bin/sh
# Print the path of a Chromium to test with; nothing where Playwright's own has been installed.
set -eu
# The headless shell draws no window: journeys take a quarter less CPU with it
find_it() { command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || command -v google-chrome || true; }
install() { apt-get install -y -qq --no-install-recommends "$1"; }

found=$(find_it)
if [ "${found##*/}" != chromium-headless-shell ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	{ apt-get update -qq && { install chromium-headless-shell || [ -n "$found" ] || install chromium; }; } >&2 || [ -n "$found" ]
	found=$(find_it)
fi
[ -n "$found" ] || npx playwright install chromium >&2
echo "$found"
