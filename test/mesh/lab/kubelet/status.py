"""A Pod's status, as the controllers, istiod and people read it."""
import time

from . import settings
from .container import rfc3339


def of(pod):
    """The status but for the times of its conditions: equal as long as nothing has changed."""
    ready = bool(pod.apps) and all(c.ready for c in _staying(pod))
    initialized = all(c.ready or c.started for c in pod.init)
    conditions = {"PodScheduled": True, "Initialized": initialized, "ContainersReady": ready, "Ready": ready}
    return {
        "phase": _phase(pod),
        "podIP": pod.network.ip,
        "podIPs": [{"ip": pod.network.ip}],
        "hostIP": settings.HOST_IP,
        "hostIPs": [{"ip": settings.HOST_IP}],
        "startTime": rfc3339(pod.started_at),
        "conditions": [{"type": kind, "status": str(value)} for kind, value in conditions.items()],
        "initContainerStatuses": [_container(c) for c in pod.init],
        "containerStatuses": [_container(c) for c in pod.apps],
    }


def with_times(status):
    """The status with the time of its last change in each condition."""
    now = rfc3339(time.time())
    return {**status, "conditions": [{**condition, "lastTransitionTime": now} for condition in status["conditions"]]}


def is_ready(status):
    return {"type": "Ready", "status": "True"} in status["conditions"]


def _staying(pod):
    return [c for c in pod.init if c.kind == "sidecar"] + pod.apps


def _phase(pod):
    if pod.spec.get("restartPolicy", "Always") == "Always" or any(c.process is not None or c.last_exit is None for c in pod.apps):
        return "Running" if any(c.started_at for c in pod.apps) else "Pending"
    return "Succeeded" if all(c.last_exit["exitCode"] == 0 for c in pod.apps) else "Failed"


def _container(container):
    return {
        "name": container.name,
        "image": container.spec["image"],
        "imageID": "",
        "ready": container.ready,
        "started": container.started,
        "restartCount": container.restarts,
        "state": _state(container),
        "lastState": {"terminated": container.last_exit} if container.last_exit and container.process else {},
    }


def _state(container):
    if container.process is not None and container.process.returncode is None:
        return {"running": {"startedAt": rfc3339(container.started_at)}}
    if container.last_exit is not None:
        return {"terminated": container.last_exit}
    return {"waiting": {"reason": "PodInitializing"}}
