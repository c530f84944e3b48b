#!/usr/bin/env bash
# Puts the pinned Node into node_modules/.bin, after npm has installed the packages without their scripts: tools/pinned-node.sh
# Where it does not start, because a slim machine lacks libatomic, which Node 26 needs and Node 24 does not, the oldest Node that is supported
# takes its place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Its script puts the executable in place. No other package needs one.
npm rebuild node --ignore-scripts=false --loglevel=error >/dev/null

pinned=node_modules/.bin/node
if fault=$("$pinned" --version 2>&1 >/dev/null); then exit 0; fi
rm "$pinned" # npm would run scripts on it
oldest=$(node tools/oldest-node.cjs)
ln -sfn "$oldest" "$pinned"
echo "The pinned Node does not start here ($fault). Using Node $("$pinned" --version) instead." >&2
case $fault in *libatomic*) echo "For the pinned one, install libatomic (Debian: libatomic1), then: make clean install" >&2 ;; esac
