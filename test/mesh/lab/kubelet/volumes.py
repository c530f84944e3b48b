"""A Pod's volumes, as folders below the Pod's own."""
import os

from . import fields, objects


def write_all(pod):
    """Makes every volume's folder, with its files."""
    for volume in pod.spec.get("volumes", []):
        folder = folder_of(pod, volume["name"])
        os.makedirs(folder, exist_ok=True)
        if "emptyDir" in volume:
            os.chmod(folder, 0o777)
            continue
        for path, content in _files(pod, volume).items():
            target = f"{folder}/{path}"
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(content)


def folder_of(pod, name):
    return f"{pod.folder}/volumes/{name}"


def mounts_of(pod, container):
    """(folder or file, path in the container, "ro" or "rw") for each of a container's volume mounts."""
    writable = {v["name"] for v in pod.spec.get("volumes", []) if "emptyDir" in v}
    for mount in sorted(container.get("volumeMounts", []), key=lambda m: m["mountPath"]):
        source = folder_of(pod, mount["name"])
        if "subPath" in mount:
            source = f"{source}/{mount['subPath']}"
            if mount["name"] in writable:
                os.makedirs(source, exist_ok=True)
                os.chmod(source, 0o777)
        read_only = mount.get("readOnly", False) or mount["name"] not in writable
        yield source, mount["mountPath"], "ro" if read_only else "rw"


def _files(pod, volume):
    """{relative path: bytes}"""
    if "projected" in volume:
        merged = {}
        for source in volume["projected"]["sources"]:
            merged.update(_source(pod, source))
        return merged
    if "secret" in volume:  # written slightly differently from the same source of a projected volume
        return _source(pod, {"secret": {**volume["secret"], "name": volume["secret"]["secretName"]}})
    return _source(pod, volume)


def _source(pod, source):
    if "serviceAccountToken" in source:
        spec = source["serviceAccountToken"]
        return {spec["path"]: objects.token(pod, spec.get("audience"), spec.get("expirationSeconds", 3600))}
    if "downwardAPI" in source:
        return {item["path"]: _downward(pod, item) for item in source["downwardAPI"].get("items", [])}
    for field, kind in (("configMap", "configmaps"), ("secret", "secrets")):
        if field in source:
            spec = source[field]
            data = objects.data(pod.namespace, kind, spec["name"], spec.get("optional", False))
            if "items" in spec:
                return {item["path"]: data[item["key"]] for item in spec["items"] if item["key"] in data}
            return data
    raise ValueError(f"volume source {sorted(source)} is not supported")


def _downward(pod, item):
    if "fieldRef" in item:
        return fields.pod_field(pod, item["fieldRef"]["fieldPath"]).encode()
    ref = item["resourceFieldRef"]
    return fields.resource_field(pod, {"name": ref["containerName"]}, ref).encode()
