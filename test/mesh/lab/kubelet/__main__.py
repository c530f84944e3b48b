"""Follows the API server's Pods and gives each a life. Runs in the control plane's network namespace, as root."""
import ctypes
import os
import signal
import sys
import traceback

from . import api, dns, settings
from .network import Addresses
from .pod import Pod

_CLONE_NEWNET = 0x40000000


def main():
    _enter(settings.CONTROL)
    dns.serve()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # down.sh ends the Pods' processes
    addresses, pods = Addresses(), {}
    for listing, change in api.follow("/api/v1/pods"):
        if listing is not None:
            present = {pod["metadata"]["uid"] for pod in listing}
            for uid in [uid for uid in pods if uid not in present]:
                pods.pop(uid).vanish()
            changes = [("ADDED", pod) for pod in listing]
        else:
            changes = [change]
        for kind, manifest in changes:
            _follow(pods, addresses, kind, manifest)


def _follow(pods, addresses, kind, manifest):
    metadata = manifest["metadata"]
    uid = metadata["uid"]
    if metadata.get("labels", {}).get("app") == "istiod":  # a process of the control plane: up.sh runs it
        return
    if kind == "DELETED":
        if uid in pods:
            pods.pop(uid).vanish()
    elif "deletionTimestamp" in metadata:
        if uid in pods:
            pods[uid].delete(metadata.get("deletionGracePeriodSeconds", 0))
    elif uid not in pods and manifest.get("status", {}).get("phase") not in ("Succeeded", "Failed"):
        try:
            pods[uid] = Pod(manifest, addresses)
        except LookupError as error:
            print(f"{metadata['name']}: {error}", flush=True)
        else:
            pods[uid].start()


def _enter(namespace):
    """Moves this process, but not its mounts, into a network namespace: others must see the namespaces that it makes."""
    descriptor = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    os.close(descriptor)


try:
    main()
except Exception:
    traceback.print_exc()
    sys.exit(1)
