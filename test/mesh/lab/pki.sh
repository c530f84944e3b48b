# Sourced by up.sh: the certificates of the API server and its clients, which live as long as the lab.
ec_key() { openssl ecparam -genkey -name prime256v1 -noout -out "$1" 2>/dev/null; }

# certificate NAME SUBJECT EXTENSIONS
certificate() {
  ec_key "$PKI/$1.key"
  openssl req -new -key "$PKI/$1.key" -subj "$2" -out "$PKI/$1.csr" 2>/dev/null
  openssl x509 -req -in "$PKI/$1.csr" -CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -CAcreateserial -days 2 -out "$PKI/$1.crt" \
    -extfile <(printf '%s\n' "$3") 2>/dev/null
}

# kubeconfig FILE CREDENTIALS
kubeconfig() {
  cat >"$1" <<YAML
apiVersion: v1
kind: Config
current-context: lab
clusters: [{name: lab, cluster: {server: "https://$MESH_HOST_IP:6443", certificate-authority: "$PKI/ca.crt"}}]
users: [{name: user, user: {$2}}]
contexts: [{name: lab, context: {cluster: lab, user: user}}]
YAML
}

make_pki() {
  ec_key "$PKI/ca.key"
  openssl req -x509 -new -key "$PKI/ca.key" -subj /CN=lab-ca -days 2 -out "$PKI/ca.crt" 2>/dev/null
  certificate apiserver /CN=kube-apiserver "subjectAltName=IP:$MESH_HOST_IP,IP:127.0.0.1,IP:${MESH_SERVICES%.*.*}.0.1
extendedKeyUsage=serverAuth"
  certificate admin /O=system:masters/CN=lab-admin extendedKeyUsage=clientAuth
  certificate kcm /CN=system:kube-controller-manager extendedKeyUsage=clientAuth
  openssl genrsa -out "$PKI/sa.key" 2048 2>/dev/null
  openssl rsa -in "$PKI/sa.key" -pubout -out "$PKI/sa.pub" 2>/dev/null
  kubeconfig "$MESH_RUN/admin.kubeconfig" "client-certificate: \"$PKI/admin.crt\", client-key: \"$PKI/admin.key\""
  kubeconfig "$MESH_RUN/kcm.kubeconfig" "client-certificate: \"$PKI/kcm.crt\", client-key: \"$PKI/kcm.key\""
}
