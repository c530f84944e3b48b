"""A Pod's network: a namespace, a link to the lab's bridge, an address, name resolution."""
import os
import shutil
import subprocess
import threading

from . import settings

_DNS_OPTIONS = "options ndots:5\n"


class Addresses:
    """The numbers of the lab's subnet that Pods take. A freed one is reused last, for Envoys remember addresses for a while."""

    def __init__(self):
        self._free = list(range(10, 251))
        self._lock = threading.Lock()

    def take(self):
        with self._lock:
            return self._free.pop(0)

    def give_back(self, number):
        with self._lock:
            self._free.append(number)


class PodNetwork:
    def __init__(self, number, pod_name, pod_namespace):
        self.number = number
        self.ip = f"{settings.SUBNET}.{number}"
        self.namespace = f"{settings.NAMESPACE}-{number}"
        self._link = f"mesh{number}p"
        self._names = f"/etc/netns/{self.namespace}"
        self._pod_name = pod_name
        self._pod_namespace = pod_namespace

    def create(self, sysctls):
        self._write_names()
        self._remove_link()
        _run("ip", "netns", "add", self.namespace)
        _run("ip", "link", "add", self._link, "type", "veth", "peer", "name", "eth0", "netns", self.namespace)
        _run("ip", "link", "set", self._link, "master", settings.BRIDGE, "up")
        for command in (
            ["link", "set", "lo", "up"],
            ["addr", "add", f"{self.ip}/24", "dev", "eth0"],
            ["link", "set", "eth0", "up"],
            ["route", "add", "default", "via", settings.HOST_IP],
        ):
            _run("ip", "-n", self.namespace, *command)
        for sysctl in sysctls:  # gateways take low ports without being root
            _run("ip", "netns", "exec", self.namespace, "sysctl", "-qw", f"{sysctl['name']}={sysctl['value']}")

    def remove(self):
        self._remove_link()  # outlives its namespace while a process is in it
        subprocess.run(["ip", "netns", "del", self.namespace], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(self._names, ignore_errors=True)

    def _write_names(self):
        """`ip netns exec` mounts these over /etc. Sidecars answer for Services; other names go on to dns.py."""
        search = f"{self._pod_namespace}.svc.{settings.CLUSTER_DOMAIN} svc.{settings.CLUSTER_DOMAIN} {settings.CLUSTER_DOMAIN}"
        os.makedirs(self._names, exist_ok=True)
        with open(f"{self._names}/resolv.conf", "w", encoding="utf8") as file:
            file.write(f"nameserver {settings.HOST_IP}\nsearch {search}\n{_DNS_OPTIONS}")
        with open(f"{self._names}/hosts", "w", encoding="utf8") as file:
            file.write(f"127.0.0.1 localhost\n{settings.HOST_IP} istiod.istio-system.svc\n{self.ip} {self._pod_name}\n")

    def _remove_link(self):
        subprocess.run(["ip", "link", "del", self._link], stderr=subprocess.DEVNULL, check=False)


def _run(*command):
    subprocess.run(command, check=True)
