"""A container's memory limit: by a cgroup (v1, or v2 where one may be made), else by looking at what its process has."""
import os

_V1 = "/sys/fs/cgroup/memory"
_V2 = "/sys/fs/cgroup"
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def limit(name, limit_bytes):
    """A limit for one container, which processes are yet to be put under."""
    for parent, limit_file in _parents():
        folder = f"{parent}/tracemesh-{name}"
        try:
            os.makedirs(folder, exist_ok=True)
            _write(f"{folder}/{limit_file}", limit_bytes)
            return CgroupLimit(folder)
        except OSError:
            _remove(folder)
    return WatchedLimit(limit_bytes)


class CgroupLimit:
    """The kernel kills what takes too much."""

    def __init__(self, folder):
        self._folder = folder

    def wrap(self, command):
        """The command, put under the limit before it starts."""
        return ["/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"', f"{self._folder}/cgroup.procs", *command]

    def is_exceeded(self, _pid):
        return False

    def has_killed(self):
        for name in ("memory.oom_control", "memory.events"):
            path = f"{self._folder}/{name}"
            if os.path.exists(path):
                with open(path, encoding="utf8") as file:
                    counts = dict(line.split() for line in file)
                return int(counts.get("oom_kill", 0)) > 0
        return False

    def remove(self):
        _remove(self._folder)


class WatchedLimit:
    """The kubelet kills what takes too much, as soon as it sees it."""

    def __init__(self, limit_bytes):
        self._limit_bytes = limit_bytes
        self._exceeded = False

    def wrap(self, command):
        return command

    def is_exceeded(self, pid):
        try:
            with open(f"/proc/{pid}/statm", encoding="utf8") as file:
                resident = int(file.read().split()[1]) * _PAGE_BYTES
        except OSError:
            return False
        self._exceeded = resident > self._limit_bytes
        return self._exceeded

    def has_killed(self):
        return self._exceeded

    def remove(self):
        pass


def _parents():
    """(folder, name of the limit's file), the kubelet's own cgroups first."""
    with open("/proc/self/cgroup", encoding="utf8") as file:
        own = [line.rstrip("\n").split(":", 2) for line in file]
    for _, controllers, path in own:
        if controllers == "memory":
            yield _V1 + path.rstrip("/"), "memory.limit_in_bytes"
    for _, controllers, path in own:
        if controllers == "" and os.path.exists(f"{_V2}/cgroup.controllers"):
            yield _V2 + path.rstrip("/"), "memory.max"
            yield _V2, "memory.max"  # only here may a cgroup with processes have others with limits in it


def _write(path, value):
    with open(path, "w", encoding="utf8") as file:
        file.write(str(value))


def _remove(folder):
    try:
        os.rmdir(folder)
    except OSError:
        pass  # never made, or a process of it is not quite gone
