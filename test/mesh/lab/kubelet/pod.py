"""One Pod, from its binding to its deletion, in a thread of its own."""
import os
import shutil
import threading
import time
import urllib.error

from . import api, settings, status, volumes
from .container import Container
from .network import PodNetwork

_TICK_SECONDS = 0.1
_VOLUME_PATIENCE_SECONDS = 60
_DEFAULT_GRACE_SECONDS = 30


class Pod:
    def __init__(self, manifest, addresses):
        self.metadata, self.spec = manifest["metadata"], manifest["spec"]
        self.name, self.namespace, self.uid = (self.metadata[key] for key in ("name", "namespace", "uid"))
        self.path = f"/api/v1/namespaces/{self.namespace}/pods/{self.name}"
        self.folder = f"{settings.PODS}/{self.namespace}.{self.name}"
        self.grace_seconds = self.spec.get("terminationGracePeriodSeconds", _DEFAULT_GRACE_SECONDS)
        self.started_at = time.time()
        self._addresses = addresses
        self.network = PodNetwork(addresses.take(), self.name, self.namespace)
        self.init = [Container(self, c, _init_kind(c)) for c in self.spec.get("initContainers", [])]
        self.apps = [Container(self, c, "app") for c in self.spec["containers"]]
        self._deletion = threading.Event()  # asked for: with grace, or at once if the object is gone
        self._gone = False
        self._reported = None
        self._thread = threading.Thread(target=self._live, name=self.name)

    def start(self):
        self._thread.start()

    def delete(self, grace_seconds):
        """Ends it, gently. Returns at once."""
        self.grace_seconds = grace_seconds
        self._deletion.set()

    def vanish(self):
        """Ends it, its object having been removed by force. Returns at once."""
        self._gone = True
        self.delete(0)

    def all_container_specs(self):
        return self.spec.get("initContainers", []) + self.spec["containers"]

    def log(self, message):
        print(f"{time.strftime('%H:%M:%S')} {self.namespace}/{self.name} {self.network.ip}: {message}", flush=True)

    # ---- life

    def _live(self):
        try:
            self._begin()
            while not self._deletion.wait(_TICK_SECONDS):
                for container in self._staying():
                    container.tick()
                self._report()
        except Exception as error:  # a broken Pod must not take others with it
            self.log(f"broken: {error!r}")
            self._deletion.wait()
        self._end()

    def _begin(self):
        if not self.spec.get("nodeName"):
            target = {"apiVersion": "v1", "kind": "Node", "name": settings.NODE}
            binding = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": self.name}, "target": target}
            api.call("POST", f"{self.path}/binding", binding)
        os.makedirs(self.folder, exist_ok=True)
        self.network.create(self.spec.get("securityContext", {}).get("sysctls", []))
        self._report()
        self._write_volumes()
        for container in self.init:
            if container.kind == "init":
                container.run_to_end()
            else:
                container.start()
                self._until_started(container)
        for container in self.apps:
            container.start()
            self._post_start_hold(container)

    def _write_volumes(self):
        """Waits for ConfigMaps and Secrets that somebody else is about to write, as istiod does in a new namespace."""
        give_up_at = time.time() + _VOLUME_PATIENCE_SECONDS
        while True:
            try:
                volumes.write_all(self)
                return
            except LookupError:
                if time.time() > give_up_at or self._deletion.is_set():
                    raise
                time.sleep(0.2)

    def _until_started(self, container):
        while not container.started and not self._deletion.is_set():
            container.tick()
            self._report()
            time.sleep(_TICK_SECONDS)

    def _post_start_hold(self, container):
        """A postStart hook holds up the containers after it: istio-proxy has one if applications are to wait for it."""
        hook = container.spec.get("lifecycle", {}).get("postStart", {})
        if "exec" in hook and container.execute(hook["exec"]["command"], 60) != 0:
            self.log(f"{container.name}: postStart failed")

    def _staying(self):
        return [c for c in self.init if c.kind == "sidecar"] + self.apps

    # ---- end

    def _end(self):
        self.log(f"ends, with {self.grace_seconds} s of grace")
        deadline = time.time() + self.grace_seconds
        _at_once(self.apps, deadline)
        for sidecar in reversed([c for c in self.init if c.kind == "sidecar"]):
            _at_once([sidecar], deadline)
        for container in self.init + self.apps:
            container.kill()
            container.remove()
        self.network.remove()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._addresses.give_back(self.network.number)
        if not self._gone:
            self._remove_object()
        self.log("has ended")

    def _remove_object(self):
        options = {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0, "preconditions": {"uid": self.uid}}
        try:
            api.call("DELETE", self.path, options)
        except urllib.error.HTTPError as error:
            if error.code not in (404, 409):
                self.log(f"object not removed: {error!r}")

    # ---- status

    def _report(self):
        """Writes the status where it differs from the last one written."""
        current = status.of(self)
        if current == self._reported:
            return
        was_ready = self._reported is not None and status.is_ready(self._reported)
        try:
            api.call("PATCH", f"{self.path}/status", {"status": status.with_times(current)}, api.MERGE)
        except OSError as error:
            if getattr(error, "code", None) != 404:  # the object is gone: so will be the Pod, soon
                self.log(f"status not written: {error!r}")
            return
        self._reported = current
        if status.is_ready(current) != was_ready:
            self.log(f"ready={not was_ready} after {time.time() - self.started_at:.1f} s")


def _init_kind(spec):
    return "sidecar" if spec.get("restartPolicy") == "Always" else "init"


def _at_once(containers, deadline):
    """Stops containers in parallel."""
    threads = [threading.Thread(target=c.stop, args=(max(deadline - time.time(), 0),)) for c in containers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
