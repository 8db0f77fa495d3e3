"""Signs of where this process runs: containers and what they do to a network."""

import os
from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final

from frazil.aio.network import Interface

_BRIDGES: Final = ("docker", "br-", "veth", "cni", "flannel", "cali", "podman", "virbr", "lxc")
_TUNNELS: Final = ("tun", "tap", "wg", "utun", "ppp", "tailscale", "zt")
_DOCKER: Final = ip_network("172.17.0.0/16")
_CARRIER: Final = ip_network("100.64.0.0/10")
_FILES: Final = {".dockerenv": "Docker", "run/.containerenv": "Podman"}
_GROUPS: Final = {"kubepods": "Kubernetes", "docker": "Docker", "lxc": "LXC"}


class Surrounding:
    """What files and variables tell of a container.

    Args:
        root: Where the file system begins.
        variables: The environment of the process.
    """

    def __init__(self, root: Path = Path("/"), variables: Mapping[str, str] | None = None) -> None:
        self._root = root
        self._variables = os.environ if variables is None else variables

    def container(self) -> str | None:
        """What kind of container this process runs in, if it shows."""
        if "KUBERNETES_SERVICE_HOST" in self._variables:
            return "Kubernetes"
        for path, name in _FILES.items():
            if (self._root / path).exists():
                return name
        try:
            groups = (self._root / "proc/1/cgroup").read_text()
        except (OSError, UnicodeDecodeError):
            return None
        return next((name for mark, name in _GROUPS.items() if mark in groups), None)

    def hints(self, interfaces: Iterable[Interface]) -> list[str]:
        """One sentence for each thing that people stumble over."""
        found = []
        container = self.container()
        if container is not None:
            found.append(f"This process runs in a container ({container}).")
        own = (each for each in interfaces if not each.name.startswith(_BRIDGES))
        addresses = (ip_address(each.address) for each in own if each.family == 4)
        if container is not None and any(each in _DOCKER for each in addresses):
            found.append(
                "Its address belongs to Docker's default bridge: a NAT more, and nothing gets in "
                "unless a port is published. --network host avoids both."
            )
        return found


def remark(interface: Interface) -> str:
    """What kind of address this is, if that matters; or empty."""
    address = ip_address(interface.address)
    if address.is_loopback:
        return "loopback"
    if address.is_link_local:
        return "link-local"
    if interface.name.startswith(_BRIDGES):
        return "bridge of containers or virtual machines"
    if interface.name.startswith(_TUNNELS):
        return "tunnel or VPN"
    if address.version == 4 and address in _CARRIER:
        return "shared by the provider (RFC 6598)"
    return "private" if address.is_private else "public"
