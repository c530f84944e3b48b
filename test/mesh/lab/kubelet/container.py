"""One container of a Pod: its process, its probes, its restarts and its end."""
import os
import signal
import subprocess
import threading
import time

from . import fields, memory, probes, settings, volumes
from .images import Image

_FIRST_BACKOFF, _LONGEST_BACKOFF = 10, 300
_SIGKILLED = -signal.SIGKILL


class Container:
    """kind: "init" (runs to its end before the next starts), "sidecar" (an init container that stays), or "app"."""

    def __init__(self, pod, spec, kind):
        self.pod, self.spec, self.kind, self.name = pod, spec, kind, spec["name"]
        self.process = None
        self.started = self.ready = False
        self.restarts, self.started_at, self.last_exit = 0, None, None
        self._sick = None  # why a probe wants it restarted
        self._backoff, self._start_again_at = 0, 0
        self._probes = []
        self._image = Image(spec["image"])
        self._folder = f"{pod.folder}/{self.name}"
        self._lock = threading.Lock()
        self._memory = self._memory_limit()

    # ---- start

    def start(self):
        os.makedirs(self._folder, exist_ok=True)
        self._write_mounts()
        variables = fields.environment(self.pod, self.spec)
        environment = self._image.env | variables
        command = [fields.expand(word, variables) for word in self.spec.get("command") or self._image.entrypoint]
        arguments = [fields.expand(word, variables) for word in self.spec.get("args", [])]
        with open(f"{settings.LOGS}/{self.pod.namespace}.{self.pod.name}.{self.name}.log", "ab") as log:
            os.fchown(log.fileno(), self._user, -1)  # Envoy opens /dev/stdout again for its access log
            inside = ["ip", "netns", "exec", self.pod.network.namespace, *self._in_root(), *command, *arguments]
            self.process = subprocess.Popen(
                self._memory.wrap(inside) if self._memory else inside,
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )
        self.started_at = time.time()
        self._start_probes()

    def _write_mounts(self):
        with open(f"{self._folder}/mounts", "w", encoding="utf8") as file:
            for target, source in self._image.files.items():
                file.write(f"image {source} {target}\n")
            for source, target, mode in volumes.mounts_of(self.pod, self.spec):
                file.write(f"{mode} {source} {target}\n")

    def _security(self):
        return {**self.pod.spec.get("securityContext", {}), **self.spec.get("securityContext", {})}

    @property
    def _user(self):
        user = self._security().get("runAsUser", self._image.user)
        if user == 0 and self._security().get("runAsNonRoot", False):
            raise PermissionError(f"{self.name} must not run as root, and neither the Pod nor the image names another user")
        return user

    def _in_root(self):
        security = self._security()
        group = security.get("runAsGroup", self._user)
        groups = ",".join(str(g) for g in {group, security.get("fsGroup", group)})
        mode = "ro" if security.get("readOnlyRootFilesystem", False) else "rw"
        workdir = self.spec.get("workingDir", self._image.workdir)
        return [settings.CONTAINER_SCRIPT, self._folder, str(self._user), str(group), groups, workdir, mode]

    def _memory_limit(self):
        quantity = self.spec.get("resources", {}).get("limits", {}).get("memory")
        if quantity is None:
            return None
        return memory.limit(f"{self.pod.network.namespace}-{self.name}", int(fields.quantity(quantity)))

    # ---- probes

    def _start_probes(self):
        self._sick = None
        self.started = "startupProbe" not in self.spec
        self.ready = False
        if self.started:
            self._start_other_probes()
        else:
            self._probe("startupProbe", self._on_startup)

    def _start_other_probes(self):
        if "readinessProbe" in self.spec:
            self._probe("readinessProbe", self._on_readiness)
        else:
            self.ready = True
        if "livenessProbe" in self.spec:
            self._probe("livenessProbe", self._on_liveness)

    def _probe(self, kind, on_result):
        probe = probes.Probe(self, self.spec[kind], on_result)
        self._probes.append(probe)
        probe.start()

    def _on_startup(self, well, detail):
        with self._lock:
            if self.started:
                return
            if not well:
                self._sick = f"startup probe: {detail}"
                return
            self.started = True
        self._probes.pop().stop()
        self._start_other_probes()

    def _on_readiness(self, well, _detail):
        self.ready = well

    def _on_liveness(self, well, detail):
        self._sick = None if well else f"liveness probe: {detail}"

    # ---- life

    def tick(self):
        """Starts it again if it ended or is sick. To be called often."""
        if self._memory is not None and self.process is not None and self._memory.is_exceeded(self.process.pid):
            self.kill()
        if self.process is not None and self._sick is not None:
            self.pod.log(f"{self.name} is restarted, {self._sick}")
            self.stop(self.pod.grace_seconds)
            self._ended()
        elif self.process is not None and self.process.poll() is not None:
            self._ended()
        elif self.process is None and self.last_exit is not None and self._may_restart() and time.time() >= self._start_again_at:
            self.restarts += 1
            self.start()

    def run_to_end(self):
        """For init containers. Raises RuntimeError if it fails."""
        self.start()
        code = self.process.wait()
        self.last_exit = self._exit_of(code)
        if code != 0:
            raise RuntimeError(f"{self.name} ended with {code}")
        self.ready = True

    def _may_restart(self):
        policy = self.pod.spec.get("restartPolicy", "Always")
        return self.kind == "sidecar" or policy == "Always" or (policy == "OnFailure" and self.last_exit["exitCode"] != 0)

    def _ended(self):
        self._stop_probes()
        self.ready = self.started = False
        self.last_exit = self._exit_of(self.process.returncode)
        self.process = None
        self.pod.log(f"{self.name} ended: {self.last_exit['reason']} {self.last_exit['exitCode']}")
        self._start_again_at = time.time() + self._backoff
        self._backoff = min(self._backoff * 2 or _FIRST_BACKOFF, _LONGEST_BACKOFF)

    def _exit_of(self, code):
        killed_for_memory = code == _SIGKILLED and self._memory is not None and self._memory.has_killed()
        reason = "OOMKilled" if killed_for_memory else "Completed" if code == 0 else "Error"
        return {
            "exitCode": 128 - code if code < 0 else code,
            "reason": reason,
            "startedAt": rfc3339(self.started_at),
            "finishedAt": rfc3339(time.time()),
        }

    def execute(self, command, timeout):
        """Runs a command inside the container and returns its status."""
        target = str(self.process.pid)
        inside = ["nsenter", "--target", target, "--net", "--mount", "--root", f"--setuid={self._user}", f"--setgid={self._user}"]
        environment = self._image.env | fields.environment(self.pod, self.spec)
        return subprocess.run(
            [*inside, "--", *command], env=environment, timeout=timeout, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ).returncode

    # ---- end

    def stop(self, grace_seconds):
        """preStop hook, the image's stop signal, and SIGKILL when the time is over. Returns when the process is gone."""
        process = self.process
        if process is None or process.poll() is not None:
            return
        deadline = time.time() + grace_seconds
        self._pre_stop(grace_seconds)
        try:
            process.send_signal(self._image.stop_signal)
            process.wait(max(deadline - time.time(), 0.1))
        except subprocess.TimeoutExpired:
            self.pod.log(f"{self.name} outlived its grace of {grace_seconds:.0f} s and is killed")
        self.kill()

    def kill(self):
        if self.process is not None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()

    def remove(self):
        self._stop_probes()
        if self._memory is not None:
            self._memory.remove()

    def _pre_stop(self, grace_seconds):
        hook = self.spec.get("lifecycle", {}).get("preStop", {})
        try:
            if "sleep" in hook:
                time.sleep(min(hook["sleep"]["seconds"], grace_seconds))
            elif "exec" in hook:
                self.execute(hook["exec"]["command"], grace_seconds)
            elif "httpGet" in hook:
                probes.http_get(self, hook["httpGet"], grace_seconds)
        except (OSError, subprocess.TimeoutExpired) as error:
            self.pod.log(f"{self.name}: preStop failed: {error!r}")

    def _stop_probes(self):
        for probe in self._probes:
            probe.stop()
        self._probes = []


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
