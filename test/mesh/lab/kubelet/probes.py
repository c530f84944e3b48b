"""Startup, liveness and readiness probes: HTTP, gRPC, TCP and commands."""
import socket
import subprocess
import threading
import urllib.error
import urllib.request

from . import grpc_health


class Probe:
    """Asks one question again and again in a thread of its own, and reports an answer once it was given often enough in a row."""

    def __init__(self, container, spec, on_result):
        self._container = container
        self._spec = spec
        self._on_result = on_result
        self._stopped = threading.Event()

    def start(self):
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self):
        self._stopped.set()

    def _run(self):
        needed = {True: self._spec.get("successThreshold", 1), False: self._spec.get("failureThreshold", 3)}
        pause = self._spec.get("initialDelaySeconds", 0)
        last, in_a_row = None, 0
        while not self._stopped.wait(pause):
            answer, detail = ask(self._container, self._spec)
            in_a_row = in_a_row + 1 if answer == last else 1
            last = answer
            if in_a_row >= needed[answer] and not self._stopped.is_set():
                self._on_result(answer, detail)
            pause = self._spec.get("periodSeconds", 10)


def ask(container, spec):
    """(whether it is well, what is wrong)"""
    timeout = spec.get("timeoutSeconds", 1)
    address = container.pod.network.ip
    try:
        if "httpGet" in spec:
            return _http(container, spec["httpGet"], timeout)
        if "grpc" in spec:
            serving = grpc_health.is_serving(address, spec["grpc"]["port"], spec["grpc"].get("service", ""), timeout)
            return serving, "not SERVING"
        if "tcpSocket" in spec:
            socket.create_connection((address, port_number(container.spec, spec["tcpSocket"]["port"])), timeout).close()
            return True, ""
        if "exec" in spec:
            return container.execute(spec["exec"]["command"], timeout) == 0, "the command failed"
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, repr(error)
    raise ValueError(f"probe {sorted(spec)} is not supported")


def port_number(container_spec, port):
    """A port given by number or by name."""
    if isinstance(port, int):
        return port
    return next(p["containerPort"] for p in container_spec.get("ports", []) if p.get("name") == port)


def http_get(container, action, timeout):
    """The status of an HTTP action. Raises OSError if there is no answer."""
    host = action.get("host") or container.pod.network.ip
    url = f"http://{host}:{port_number(container.spec, action['port'])}{action.get('path', '/')}"
    headers = {header["name"]: header["value"] for header in action.get("httpHeaders", [])}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=timeout) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def _http(container, action, timeout):
    status = http_get(container, action, timeout)
    return 200 <= status < 400, f"status {status}"
