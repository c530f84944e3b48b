#!/usr/bin/env bash
# Ends everything that runs in the lab's network namespaces and removes them. Also cleans up after a lab that was killed.
MESH_TOOLS=unused
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"

namespaces() { ip netns list | awk -v prefix="$MESH_NAMESPACE-" 'index($1, prefix) == 1 { print $1 }'; }
processes() { for namespace in $(namespaces); do ip netns pids "$namespace"; done; }
signal() { # signal NAME : to every process of the lab
  local pids
  pids=$(processes)
  # shellcheck disable=SC2086
  [ -z "$pids" ] || kill -s "$1" $pids 2>/dev/null
}

signal TERM
for _ in $(seq 20); do
  [ -n "$(processes)" ] || break
  sleep 0.1
done
for _ in $(seq 50); do
  [ -n "$(processes)" ] || break
  signal KILL
  sleep 0.1
done
for namespace in $(namespaces); do
  ip netns del "$namespace"
  rm -rf "/etc/netns/${namespace:?}"
done
ip route del blackhole "$MESH_SUBNET" 2>/dev/null
find /sys/fs/cgroup -depth -type d -name "tracemesh-$MESH_NAMESPACE-*" -exec rmdir {} + 2>/dev/null
rm -rf "$MESH_RUN/etcd" "$MESH_RUN/pods" "$MESH_RUN/pki" # the logs stay, for whoever looks for a cause
exit 0
