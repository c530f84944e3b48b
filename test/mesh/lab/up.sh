#!/usr/bin/env bash
# Starts the lab: etcd, kube-apiserver, kube-controller-manager, Istio from its own charts, istiod and the small kubelet.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"
. "$LAB/pki.sh"
. "$LAB/istio.sh"
SECONDS=0
"$LAB/down.sh"
rm -rf "$MESH_RUN"
mkdir -p "$LOGS" "$PKI" "$MESH_RUN/pods"

# On the machine itself the lab's addresses lead nowhere, so that a stray client fails at once.
ip route replace blackhole "$MESH_SUBNET"
ip netns add "$CONTROL"
in_control ip link set lo up
in_control ip link add mesh0 type bridge
in_control ip addr add "$MESH_HOST_IP/24" dev mesh0
in_control ip link set mesh0 up

make_pki
start etcd "$BIN/etcd" --data-dir "$MESH_RUN/etcd" --log-level warn --unsafe-no-fsync \
  --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
  --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
  --initial-cluster default=http://127.0.0.1:2380
# Aggregator routing makes the API server call webhooks at the addresses of EndpointSlices: there is no kube-proxy.
start kube-apiserver "$BIN/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 \
  --bind-address="$MESH_HOST_IP" --advertise-address="$MESH_HOST_IP" --secure-port=6443 \
  --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" --client-ca-file="$PKI/ca.crt" \
  --service-cluster-ip-range="$MESH_SERVICES" --authorization-mode=RBAC --enable-aggregator-routing=true \
  --service-account-issuer=https://kubernetes.default.svc.cluster.local \
  --service-account-key-file="$PKI/sa.pub" --service-account-signing-key-file="$PKI/sa.key" \
  --api-audiences=https://kubernetes.default.svc.cluster.local,istio-ca \
  --proxy-client-cert-file="$PKI/admin.crt" --proxy-client-key-file="$PKI/admin.key"
wait_for 60 kube-apiserver kubectl get --raw /readyz
say "kube-apiserver is ready"
start kube-controller-manager "$BIN/kube-controller-manager" --kubeconfig="$MESH_RUN/kcm.kubeconfig" \
  --leader-elect=false --use-service-account-credentials=true \
  --root-ca-file="$PKI/ca.crt" --service-account-private-key-file="$PKI/sa.key" \
  --controllers="$(paste -sd, <<'LIST'
deployment-controller
disruption-controller
endpointslice-controller
garbage-collector-controller
job-controller
namespace-controller
pod-garbage-collector-controller
replicaset-controller
root-ca-certificate-publisher-controller
serviceaccount-controller
statefulset-controller
LIST
)"
# The EndpointSlice controller leaves out Pods of unknown nodes, and istiod injects native sidecars if all kubelets are new enough.
kubectl apply -f - >/dev/null <<<'{apiVersion: v1, kind: Node, metadata: {name: lab, labels: {kubernetes.io/hostname: lab}}}'
VERSION=$(kubectl get --raw /version | sed -n 's/.*"gitVersion": "\(.*\)",/\1/p')
kubectl patch node lab --subresource=status --type=merge -p '{"status": {"nodeInfo": {"kubeletVersion": "'"$VERSION"'"}}}' >/dev/null

install_istio
start_istiod
say "istiod is ready"

PYTHONPATH=$LAB PYTHONDONTWRITEBYTECODE=1 setsid python3 -m kubelet >"$LOGS/kubelet.log" 2>&1 </dev/null &
say "the lab is up; logs are in $LOGS"
