#!/usr/bin/env bash
# browser.sh - the dashboard in the system's Chromium: tests/interop/browser/suite.mjs. Exit 77: no browser or no Node.js here.
#
# usage: SYMGRID=build/release/symgrid tests/interop/browser.sh [looks|frozen|setup|weight|memory|silence|report|rehearse|map]...
# Packages of browser/package-lock.json go to build/interop/browser, screenshots to build/interop/screenshots.
set -euo pipefail
cd "$(dirname "$0")/../.."
export CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
# Node.js from elsewhere brings its own npm and does not go together with Debian's package of that name.
command -v npm >/dev/null || tools/deps.sh browser || true
if [ -z "$CHROMIUM" ] || ! command -v npm >/dev/null; then
    echo "browser: SKIPPED: chromium, nodejs and npm are not all installed"
    exit 77
fi
export SYMGRID=${SYMGRID:-$PWD/build/release/symgrid}
export MODULES=$PWD/build/interop/browser SHOTS=$PWD/build/interop/screenshots
if ! cmp -s tests/interop/browser/package-lock.json "$MODULES/package-lock.json" || [ ! -d "$MODULES/node_modules" ]; then
    mkdir -p "$MODULES"
    cp tests/interop/browser/package.json tests/interop/browser/package-lock.json "$MODULES/"
    npm ci --prefix "$MODULES" --ignore-scripts --no-audit --no-fund --loglevel=error
fi
exec node tests/interop/browser/suite.mjs "$@"
