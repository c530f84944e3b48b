"""What stands in for container images: a command and files of this machine, by the image's last name without its tag."""
import os
import signal

from . import settings


class Image:
    def __init__(self, reference):
        name = reference.split("@")[0].rsplit("/", 1)[-1].split(":")[0]
        if name not in settings.IMAGES:
            raise LookupError(f"images.json has no {name}")
        spec = settings.IMAGES[name]
        self.entrypoint = spec["entrypoint"]
        self.workdir = spec.get("workdir", "/")
        self.user = spec.get("user", 0)
        self.env = spec.get("env", {})
        self.stop_signal = signal.Signals[f"SIG{spec.get('stopSignal', 'TERM')}"]
        self.files = {target: os.path.expandvars(source) for target, source in spec.get("files", {}).items()}
