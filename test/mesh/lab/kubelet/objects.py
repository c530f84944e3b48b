"""ConfigMaps, Secrets and tokens, as a Pod gets them."""
import base64

from . import api


def data(namespace, kind, name, optional=False):
    """The content of a ConfigMap or Secret: {key: bytes}. Raises LookupError if it is missing and not optional."""
    found = api.get_or_none(f"/api/v1/namespaces/{namespace}/{kind}/{name}")
    if found is None:
        if optional:
            return {}
        raise LookupError(f"{kind}/{name} is not there yet")
    if kind == "secrets":
        return {key: base64.b64decode(value) for key, value in found.get("data", {}).items()}
    texts = {key: value.encode() for key, value in found.get("data", {}).items()}
    return texts | {key: base64.b64decode(value) for key, value in found.get("binaryData", {}).items()}


def token(pod, audience, seconds):
    """A token of the Pod's ServiceAccount that ends with the Pod."""
    account = pod.spec.get("serviceAccountName", "default")
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {
            "audiences": [audience] if audience else None,
            "expirationSeconds": seconds,
            "boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": pod.name, "uid": pod.uid},
        },
    }
    answer = api.call("POST", f"/api/v1/namespaces/{pod.namespace}/serviceaccounts/{account}/token", request)
    return answer["status"]["token"].encode()
