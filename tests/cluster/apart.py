"""A network namespace for one process, on cables that can be pulled; needs root and `ip`."""

import os
import shutil
import subprocess

import pytest


class Apart:
    """A network namespace with two cables: one to the cluster's servers, one to the world."""

    def __init__(self) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root may make a network namespace")
        if shutil.which("ip") is None:
            pytest.skip("`ip` of the package iproute2 is not on this machine")
        self.name = f"moca-{os.getpid()}"
        made = subprocess.run(["ip", "netns", "add", self.name], capture_output=True, check=False)
        if made.returncode != 0:
            pytest.skip(f"no network namespace can be made here: {made.stderr.decode().strip()}")
        _ip("-n", self.name, "link", "set", "lo", "up")
        self.to_servers = _Cable(self.name, "s", 1)
        self.to_world = _Cable(self.name, "w", 2)
        self.prefix = ("ip", "netns", "exec", self.name)

    def close(self) -> None:
        """Remove it, with its cables."""
        _ip("netns", "del", self.name)


class _Cable:
    """Two ends: `here` is this machine's address on it, `there` the namespace's."""

    def __init__(self, namespace: str, letter: str, number: int) -> None:
        network = f"10.{64 + os.getpid() // 256 % 64}.{os.getpid() % 256}.{number * 4}"
        base, last = network.rsplit(".", 1)
        self.here, self.there = f"{base}.{int(last) + 1}", f"{base}.{int(last) + 2}"
        self._end = f"moca{os.getpid() % 100_000}{letter}"
        far = f"{self._end}2"
        _ip("link", "add", self._end, "type", "veth", "peer", "name", far, "netns", namespace)
        _ip("addr", "add", f"{self.here}/30", "dev", self._end)
        _ip("-n", namespace, "addr", "add", f"{self.there}/30", "dev", far)
        _ip("-n", namespace, "link", "set", far, "up")
        self.plug_in()

    def pull(self) -> None:
        """Drop all traffic silently."""
        _ip("link", "set", self._end, "down")

    def plug_in(self) -> None:
        """Pass traffic again."""
        _ip("link", "set", self._end, "up")


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
