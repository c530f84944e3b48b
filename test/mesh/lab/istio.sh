# Sourced by up.sh: installs Istio from its charts and runs istiod as a process.

install_istio() {
  kubectl create namespace istio-system >/dev/null
  istioctl manifest generate -f "$MESH_REPOSITORY/istio/install.yaml" -f "$LAB/upstream-envoy.yaml" >"$MESH_RUN/istio.yaml"
  kubectl apply --server-side -f "$MESH_TOOLS/gateway-api" >/dev/null
  for _ in 1 2 3; do # custom resources fail until their definitions are established
    kubectl apply --server-side -f "$MESH_RUN/istio.yaml" >"$LOGS/istio-apply.log" 2>&1 && break
    sleep 1
  done
  kubectl wait --for=condition=Established crd --all --timeout=30s >/dev/null
  say "Istio's charts are applied: $(grep -c '^kind:' "$MESH_RUN/istio.yaml") objects"
}

istiod_pod() { kubectl -n istio-system get pod -l app=istiod -o name | grep -m1 .; }

start_istiod() {
  local pod
  wait_for 20 "istiod's Pod" istiod_pod
  pod=$(istiod_pod)
  # The Pod of istiod's Deployment stays an object: with istiod's address in it, the EndpointSlice controller publishes that, and the
  # API server finds the webhooks there.
  kubectl create --raw "/api/v1/namespaces/istio-system/pods/${pod#pod/}/binding" -f - >/dev/null <<JSON
{"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "${pod#pod/}"}, "target": {"apiVersion": "v1", "kind": "Node", "name": "lab"}}
JSON
  kubectl -n istio-system patch "$pod" --subresource=status --type=merge -p "$(istiod_status)" >/dev/null
  # istiod has no more rights than its chart gives it.
  kubeconfig "$MESH_RUN/istiod.kubeconfig" "token: \"$(kubectl -n istio-system create token istiod --duration=24h)\""
  mkdir -p "$MESH_RUN/istiod"
  (
    cd "$MESH_RUN/istiod"
    start istiod env POD_NAME="${pod#pod/}" POD_NAMESPACE=istio-system SERVICE_ACCOUNT=istiod REVISION=default \
      PILOT_CERT_PROVIDER=istiod CLUSTER_ID=Kubernetes PLATFORM= KUBECONFIG="$MESH_RUN/istiod.kubeconfig" \
      PILOT_ENABLE_METADATA_EXCHANGE=false PILOT_ENABLE_ALPN_FILTER=false PILOT_ENABLE_ANALYSIS=true \
      "$BIN/pilot-discovery" discovery --kubeconfig "$MESH_RUN/istiod.kubeconfig" --monitoringAddr=:15014 \
      --domain cluster.local --keepaliveMaxServerConnectionAge 30m
  )
  wait_for 60 istiod in_control curl -fsS http://127.0.0.1:8080/ready
  wait_for 30 "the injection webhook" injection_is_armed
  wait_for 30 "the validation webhooks" validation_is_armed
}

istiod_status() {
  cat <<JSON
{"status": {"phase": "Running", "podIP": "$MESH_HOST_IP", "podIPs": [{"ip": "$MESH_HOST_IP"}],
 "conditions": [{"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}],
 "containerStatuses": [{"name": "discovery", "image": "lab", "imageID": "", "ready": true, "restartCount": 0}]}}
JSON
}

injection_is_armed() {
  kubectl get mutatingwebhookconfiguration istio-sidecar-injector -o jsonpath='{.webhooks[0].clientConfig.caBundle}' | grep -q .
}

validation_is_armed() { # istiod turns Ignore into Fail when it serves
  kubectl get validatingwebhookconfiguration -o jsonpath='{.items[*].webhooks[*].failurePolicy}' | grep -q 'Fail Fail'
}
