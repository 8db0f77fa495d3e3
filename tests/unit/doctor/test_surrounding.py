import pytest

from frazil.aio import Interface
from frazil.doctor.surrounding import Surrounding, remark


def surrounding(tmp_path, files, variables=None):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Surrounding(tmp_path, variables or {})


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({}, None),
        ({".dockerenv": ""}, "Docker"),
        ({"run/.containerenv": ""}, "Podman"),
        ({"proc/1/cgroup": "0::/docker/0123"}, "Docker"),
        ({"proc/1/cgroup": "11:cpu:/kubepods/pod1/docker/2"}, "Kubernetes"),
        ({"proc/1/cgroup": "0::/"}, None),
    ],
)
def test_signs_of_a_container(tmp_path, files, name):
    assert surrounding(tmp_path, files).container() == name


def test_kubernetes_tells_by_a_variable(tmp_path):
    there = surrounding(tmp_path, {".dockerenv": ""}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"})
    assert there.container() == "Kubernetes"


def test_dockers_bridge_is_a_hint_inside_a_container_only(tmp_path):
    interfaces = [Interface("eth0", "172.17.0.2")]
    assert surrounding(tmp_path, {}).hints(interfaces) == []
    hints = surrounding(tmp_path, {".dockerenv": ""}).hints(interfaces)
    assert len(hints) == 2
    assert "--network host" in hints[1]


def test_dockers_bridge_on_the_host_itself_is_no_hint(tmp_path):
    """A container with --network host sees it too."""
    there = surrounding(tmp_path, {".dockerenv": ""})
    interfaces = [Interface("eth0", "192.168.1.2"), Interface("docker0", "172.17.0.1")]
    assert there.hints(interfaces) == ["This process runs in a container (Docker)."]


@pytest.mark.parametrize(
    ("name", "address", "words"),
    [
        ("lo", "127.0.0.1", "loopback"),
        ("eth0", "fe80::1", "link-local"),
        ("docker0", "172.17.0.1", "bridge of containers or virtual machines"),
        ("wg0", "10.8.0.2", "tunnel or VPN"),
        ("wwan0", "100.64.3.4", "shared by the provider (RFC 6598)"),
        ("eth0", "192.168.1.2", "private"),
        ("eth0", "8.8.8.8", "public"),
    ],
)
def test_kinds_of_addresses(name, address, words):
    assert remark(Interface(name, address)) == words
