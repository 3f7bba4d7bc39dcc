from dataclasses import replace
from typing import NoReturn
from wsgiref.types import StartResponse, WSGIEnvironment

import peewee
import pytest

from moca.web.auth.client_address import ClientAddress, place_of
from moca.web.config import WebConfig
from tests.web.conftest import Backend

PROXIES = ("127.0.0.1", "10.0.0.0/8", "fd00::/8")


def start_response(
    _status: str, _headers: list[tuple[str, str]], _exc_info: object = None
) -> NoReturn:
    raise AssertionError("the application starts no response")


def seen(
    peer: str,
    forwarded: str | None = None,
    proto: str | None = None,
    trusted: tuple[str, ...] = PROXIES,
) -> tuple[str, str]:
    """Return the address and scheme that the application sees."""
    found = []

    def application(environ: WSGIEnvironment, _start_response: StartResponse) -> list[bytes]:
        found.append((environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]))
        return []

    environ: WSGIEnvironment = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http"}
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    if proto is not None:
        environ["HTTP_X_FORWARDED_PROTO"] = proto
    ClientAddress(application, trusted)(environ, start_response)
    return found[0]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "203.0.113.7, 10.1.2.3", "203.0.113.7"),
        ("127.0.0.1", "10.9.9.9, 10.1.2.3", "10.9.9.9"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("::ffff:127.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("127.0.0.1", "203.0.113.7, nonsense", "127.0.0.1"),
        ("127.0.0.1", "nonsense, 10.1.2.3", "10.1.2.3"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("192.0.2.1", "203.0.113.7", "192.0.2.1"),
    ],
)
def test_the_rightmost_address_that_is_no_proxys_is_the_client(
    peer: str, forwarded: str | None, client: str
) -> None:
    assert seen(peer, forwarded)[0] == client


@pytest.mark.parametrize(
    ("peer", "proto", "scheme"),
    [
        ("127.0.0.1", "https", "https"),
        ("127.0.0.1", "http, https", "https"),
        ("127.0.0.1", "gopher", "http"),
        ("192.0.2.1", "https", "http"),
    ],
)
def test_the_scheme_is_what_the_proxy_says(peer: str, proto: str, scheme: str) -> None:
    assert seen(peer, proto=proto)[1] == scheme


def test_without_a_trusted_proxy_nothing_is_believed() -> None:
    assert seen("127.0.0.1", "203.0.113.7", "https", trusted=()) == ("127.0.0.1", "http")


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (None, "elsewhere"),
        ("", "elsewhere"),
    ],
)
def test_a_customers_addresses_are_one_place(address: str | None, place: str) -> None:
    assert place_of(address) == place


def test_the_application_believes_the_proxies_of_its_settings(
    database: peewee.Database, backend: Backend, config: WebConfig
) -> None:
    from moca.web.app import create_app
    from moca.web.config import WebPorts

    ports = WebPorts(database=database, tell=backend.tell, health=lambda: backend.health)
    app = create_app(ports, replace(config, trusted_proxies=("127.0.0.1",)))
    proto = {"X-Forwarded-Proto": "https"}

    answer = app.test_client().get("/", query_string={"token": "the-api-token"}, headers=proto)

    assert "Secure" in answer.headers["Set-Cookie"]
