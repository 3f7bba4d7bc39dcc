"""Calls go through the proxy that the environment names, and past it where it must not know."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from urllib3.exceptions import HTTPError, SSLError

from moca.http_client import HttpClient

TIMEOUT_SECONDS = 5.0


class RecordingProxy:
    """Records the first line of the first request and its credentials, and hangs up."""

    def __init__(self) -> None:
        self.head = b""
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(TIMEOUT_SECONDS)
        self._thread = Thread(target=self._listen)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.getsockname()[1]}"

    def _listen(self) -> None:
        connection, _ = self._server.accept()
        with connection:
            while b"\r\n\r\n" not in self.head:
                self.head += connection.recv(65536)

    def close(self) -> None:
        self._thread.join()
        self._server.close()


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordingProxy]:
    with closing(RecordingProxy()) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://ana:secret@{proxy.address}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield proxy


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://graph.example/v26.0/me", b"CONNECT graph.example:443"),
        ("http://graph.example/v26.0/me", b"GET http://graph.example/v26.0/me?a=1"),
    ],
)
def test_a_call_goes_through_the_proxy_of_the_environment(
    proxy: RecordingProxy, url: str, asked: bytes
) -> None:
    with closing(HttpClient()) as client, pytest.raises(HTTPError):
        client.call("GET", url, timeout_seconds=TIMEOUT_SECONDS, query={"a": "1"}, token="t")
    assert proxy.head.partition(b" HTTP/")[0] == asked
    assert b"Proxy-Authorization: Basic YW5hOnNlY3JldA==" in proxy.head.splitlines()


HOST = "graph.test"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate that only its own file vouches for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = tmp_path / "certificate.pem"
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


@pytest.fixture
def tls_url(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server with that certificate, under a name that is not local."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        address = server.server_address
        there = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", address)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kinds: there)
        yield f"https://{HOST}"
        server.shutdown()
        thread.join()


class Answering(BaseHTTPRequestHandler):
    """Answers every request with an empty document."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


def test_a_server_whose_certificate_is_not_trusted_is_not_called(tls_url: str) -> None:
    with closing(HttpClient()) as client, pytest.raises(SSLError):
        client.call("GET", tls_url, timeout_seconds=TIMEOUT_SECONDS)


def test_the_environment_names_the_certificates_to_trust(
    tls_url: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with closing(HttpClient()) as client:
        assert client.call("GET", tls_url, timeout_seconds=TIMEOUT_SECONDS).body == b"{}"


def test_where_the_environment_is_not_trusted_it_names_neither(
    tls_url: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with closing(HttpClient(trusts_environment=False)) as client, pytest.raises(SSLError):
        client.call("GET", tls_url, timeout_seconds=TIMEOUT_SECONDS)
