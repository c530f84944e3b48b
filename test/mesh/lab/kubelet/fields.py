"""The downward API: what a container may know of its Pod; and the environment made of it."""
import json
import math
import os
import re

from . import objects, settings

_UNITS = {
    "": 1, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40,
}
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def quantity(text):
    """The number that a Kubernetes quantity such as "100m" or "64Mi" means."""
    number, unit = re.fullmatch(r"([\d.]+)([a-zA-Z]*)", str(text)).groups()
    return float(number) * _UNITS[unit]


def pod_field(pod, path):
    """The value of a fieldRef. Raises KeyError for a field that there is not."""
    spec, metadata = pod.spec, pod.metadata
    simple = {
        "metadata.name": pod.name,
        "metadata.namespace": pod.namespace,
        "metadata.uid": pod.uid,
        "status.podIP": pod.network.ip,
        "status.podIPs": pod.network.ip,
        "status.hostIP": settings.HOST_IP,
        "status.hostIPs": settings.HOST_IP,
        "spec.nodeName": settings.NODE,
        "spec.serviceAccountName": spec.get("serviceAccountName", "default"),
    }
    if path in simple:
        return simple[path]
    if path in ("metadata.labels", "metadata.annotations"):
        values = metadata.get(path.removeprefix("metadata."), {})
        return "".join(f"{key}={json.dumps(value)}\n" for key, value in sorted(values.items()))
    one = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if one is None:
        raise KeyError(f"fieldPath {path} is not supported")
    return metadata.get(one[1], {}).get(one[2], "")


def resource_field(pod, container, ref):
    """The value of a resourceFieldRef, in units of its divisor, rounded up."""
    name = ref.get("containerName", container["name"])
    of = next(c for c in pod.all_container_specs() if c["name"] == name)
    kind, resource = ref["resource"].split(".", 1)
    of_the_machine = str(os.cpu_count()) if resource == "cpu" else "1Gi"
    value = of.get("resources", {}).get(kind, {}).get(resource, of_the_machine)
    return str(math.ceil(quantity(value) / (quantity(ref.get("divisor") or "1") or 1)))


def environment(pod, container):
    """All variables of a container, with $(NAME) expanded."""
    variables = {"PATH": _DEFAULT_PATH, "HOSTNAME": pod.name}
    for source in container.get("envFrom", []):
        kind, ref = _reference(source, "Ref")
        for key, value in objects.data(pod.namespace, kind, ref["name"], ref.get("optional", False)).items():
            variables[source.get("prefix", "") + key] = value.decode()
    for entry in container.get("env", []):
        value = _value(pod, container, entry)
        if value is not None:
            variables[entry["name"]] = expand(value, variables)
    return variables


def expand(text, variables):
    """Replaces $(NAME) by the variable's value, and leaves unknown names as they are."""
    return re.sub(r"\$\(([A-Za-z0-9_]+)\)", lambda match: variables.get(match[1], match[0]), text)


def _value(pod, container, entry):
    source = entry.get("valueFrom")
    if source is None:
        return entry.get("value", "")
    if "fieldRef" in source:
        return pod_field(pod, source["fieldRef"]["fieldPath"])
    if "resourceFieldRef" in source:
        return resource_field(pod, container, source["resourceFieldRef"])
    kind, ref = _reference(source, "KeyRef")
    value = objects.data(pod.namespace, kind, ref["name"], ref.get("optional", False)).get(ref["key"])
    if value is None and not ref.get("optional", False):
        raise KeyError(f"{kind}/{ref['name']} has no key {ref['key']}")
    return None if value is None else value.decode()


def _reference(source, suffix):
    if f"configMap{suffix}" in source:
        return "configmaps", source[f"configMap{suffix}"]
    return "secrets", source[f"secret{suffix}"]
