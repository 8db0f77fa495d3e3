"""coturn, running in a network namespace."""

import socket
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from frazil.types import Address
from support.namespace import Namespace
from support.process import ConfinedProcess

REALM = "relay.example"
_START_TIMEOUT_S = 10.0


class Coturn:
    """A TURN server over UDP, TCP and TLS.

    It throws an allocation away when the kernel refuses to send to a peer: its namespace needs a
    default route, wherever that leads.

    Args:
        namespace: Where it runs.
        ip: Where it listens and relays.
        home: An empty folder for its files.
        options: Whom it serves, and how.
        port: Where it serves UDP and TCP.
        tls_port: Where it serves TLS: on the next one unless told.

    Attributes:
        address: Where it serves UDP and TCP.
        tls_address: Where it serves TLS.
        certificate: The file with its certificate.
    """

    program = "turnserver"
    package = "coturn"

    def __init__(
        self,
        namespace: Namespace,
        ip: str,
        home: Path,
        *options: str,
        port: int = 3478,
        tls_port: int | None = None,
    ) -> None:
        self.address: Address = (ip, port)
        self.tls_address: Address = (ip, tls_port or port + 1)
        self.certificate = home / "certificate.pem"
        key = home / "key.pem"
        make_certificate(ip, self.certificate, key)
        self._process = ConfinedProcess(
            namespace,
            home,
            *(self.program, "-n", "--no-cli", "--no-dtls", "--fingerprint"),
            *(f"--listening-ip={ip}", f"--relay-ip={ip}", f"--realm={REALM}"),
            *(f"--listening-port={port}", f"--tls-listening-port={self.tls_address[1]}"),
            *(f"--cert={self.certificate}", f"--pkey={key}"),
            *(f"--userdb={home / 'users'}", f"--pidfile={home / 'pid'}", "--log-file=stdout"),
            *options,
        )

    def wait(self, namespace: Namespace) -> None:
        """Return as soon as it can be reached from ``namespace``.

        Raises:
            TimeoutError: It does not start; the exception's notes hold what it printed.
        """
        deadline = time.monotonic() + _START_TIMEOUT_S
        with namespace.entered():
            while not _accepts(self.tls_address):
                if time.monotonic() > deadline or self._process.has_ended:
                    error = TimeoutError("coturn does not start")
                    error.add_note(self._process.output)
                    raise error
                time.sleep(0.02)

    def stop(self) -> None:
        """End it."""
        self._process.stop()


def _accepts(address: Address) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True


def make_certificate(ip: str, certificate: Path, key: Path) -> None:
    """Write a certificate for an address, signed by itself, and its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "coturn")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(ip))]), critical=False
        )
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
