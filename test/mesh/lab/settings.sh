# Sourced by the lab's scripts: where things are, and how to reach what runs in the lab.
# Everything that the lab makes is in RUN, in the cache, in network namespaces called $MESH_NAMESPACE-*, or in /etc/netns of those names.
LAB=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export MESH_REPOSITORY MESH_RUN MESH_TOOLS MESH_NAMESPACE=tracemesh MESH_HOST_IP=10.99.0.1
MESH_REPOSITORY=$(cd "$LAB/../../.." && pwd)
MESH_RUN=/tmp/tracemesh-mesh # one lab a machine: a later run finds and removes what a killed one left
MESH_TOOLS=${MESH_TOOLS:-$("$LAB/tools/build.sh")}
MESH_SUBNET=10.99.0.0/24
MESH_SERVICES=10.96.0.0/16
CONTROL=$MESH_NAMESPACE-control # holds the control plane and the bridge that Pods are plugged into; it has no way out
BIN=$MESH_TOOLS/bin LOGS=$MESH_RUN/log PKI=$MESH_RUN/pki
export PATH=$BIN:$PATH:/usr/sbin:/sbin

# The address of the API server belongs to somebody else outside the lab, so KUBECONFIG is set for what runs inside only.
in_control() { KUBECONFIG=$MESH_RUN/admin.kubeconfig ip netns exec "$CONTROL" "$@"; }
kubectl() { in_control "$BIN/kubectl" "$@"; }
istioctl() { in_control timeout 60 "$BIN/istioctl" "$@"; }

say() { printf '%5s s  %s\n' $((SECONDS)) "$*" >&2; }

# start NAME COMMAND... : a process of the control plane
start() {
  local name=$1
  shift
  KUBECONFIG='' ip netns exec "$CONTROL" setsid "$@" >"$LOGS/$name.log" 2>&1 </dev/null &
}

# wait_for SECONDS WHAT COMMAND... : until the command succeeds
wait_for() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $deadline ] || { say "gave up waiting for $what"; return 1; }
    sleep 0.1
  done
}
