#!/usr/bin/env bash
# Carries the shop into a real Kubernetes control plane and a real Istio on this machine, and checks what the mesh does with it.
#
#   test/mesh/run.sh [MOCHA ARGUMENT...]           all checks; with arguments some: test/mesh/run.sh --grep canary
#   CHECKS='test/mesh/checks/2*.ts' test/mesh/run.sh   those of some files
#   MESH_PROGRAM=built test/mesh/run.sh            with the executable that `make build` made, instead of the sources
#   KEEP=1 test/mesh/run.sh                        leaves the lab up; the next run uses it as it stands, lab/down.sh ends it
#
# Needs Linux, root, Go and Python. The first run builds the tools into the cache, which takes 8 to 15 minutes.
set -euo pipefail
MESH=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then
  echo "The mesh's checks make network namespaces: they need Linux and root." >&2
  exit 1
fi
exec 8>/tmp/tracemesh-mesh.lock
flock -n 8 || { echo "Another run of the mesh's checks is under way on this machine." >&2; exit 1; }

. "$MESH/lab/requirements.sh"
require_programs
. "$MESH/lab/settings.sh"

lab_is_up() { kubectl get --raw /readyz >/dev/null 2>&1; }
clean_up() { # at the end, and when interrupted
  trap '' INT TERM HUP
  [ "${KEEP:-}" = 1 ] || "$LAB/down.sh"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
if ! { [ "${KEEP:-}" = 1 ] && lab_is_up; }; then "$LAB/up.sh" 8>&-; fi

cd "$MESH_REPOSITORY"
# It ends with this script, whatever ends that.
MOCHA=(setpriv --pdeathsig=TERM "${NODE:-node_modules/.bin/node}" node_modules/.bin/mocha --config test/mesh/mocharc.json "${CHECKS:-test/mesh/checks/*.check.ts}")
# In the background, so that the trap is not held up until it ends.
"${MOCHA[@]}" "$@" 8>&- &
MOCHA_PID=$!
status=0
wait "$MOCHA_PID" || status=$?
if kill "$MOCHA_PID" 2>/dev/null; then wait "$MOCHA_PID" || true; fi
exit "$status"
