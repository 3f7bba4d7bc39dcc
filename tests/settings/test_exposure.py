"""Settings with which a live or publicly reachable instance must not start."""

import pytest

from moca.settings.reader import read_settings
from tests.settings.test_settings import LIVE, problems

TOKEN = "MOCA_WEB__API_TOKEN"
HOST = "MOCA_SERVER__HOST"
PROXIES = "MOCA_SERVER__TRUSTED_PROXIES"
GOOD = "Zm9yLXRlc3RzLW9ubHktMTIz"


@pytest.mark.parametrize("token", ["12345678", "a-token-of-23-character"])
def test_live_mode_refuses_a_token_of_fewer_than_24_characters(token: str) -> None:
    (problem,) = problems(LIVE | {TOKEN: token})
    assert problem == (
        "web.api_token: live mode needs at least 24 characters; make one with "
        "`openssl rand -base64 32`, or leave it empty and Moca generates one"
    )


def test_live_mode_refuses_a_token_of_few_different_characters() -> None:
    (problem,) = problems(LIVE | {TOKEN: "abc" * 10})
    assert problem.startswith("web.api_token: repeats a few characters")


@pytest.mark.parametrize("token", ["", GOOD])
def test_live_mode_takes_a_long_token_or_makes_one(token: str) -> None:
    assert read_settings(None, LIVE | {TOKEN: token}).web.api_token.get_secret_value() == token


def test_the_sandbox_takes_a_short_token() -> None:
    assert read_settings(None, {TOKEN: "12345678"}).instagram.mode == "sandbox"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "moca.example"])
@pytest.mark.parametrize("token", ["", "12345678"])
def test_the_sandbox_is_open_to_others_only_behind_a_long_token(host: str, token: str) -> None:
    (problem,) = problems({HOST: host, TOKEN: token})
    assert problem.startswith(f"server.host: the sandbox's secrets are public, so on {host} it ")
    assert read_settings(None, {HOST: host, TOKEN: GOOD}).server.host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_the_sandbox_needs_no_token_on_this_machine_alone(host: str) -> None:
    assert read_settings(None, {HOST: host}).server.host == host


def test_live_mode_may_listen_anywhere() -> None:
    assert read_settings(None, LIVE | {HOST: "0.0.0.0"}).server.host == "0.0.0.0"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('["127.0.0.1", "10.0.0.0/8"]', ("127.0.0.1", "10.0.0.0/8")),
        ("127.0.0.1, ::1", ("127.0.0.1", "::1")),
        ("", ()),
    ],
)
def test_proxies_are_named_as_a_list_or_with_commas(text: str, read: tuple[str, ...]) -> None:
    assert read_settings(None, {PROXIES: text}).server.trusted_proxies == read


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.1/8", '["300.1.1.1"]'])
def test_a_proxy_that_is_no_address_is_refused(text: str) -> None:
    (problem,) = problems({PROXIES: text})
    assert problem.startswith("server.trusted_proxies.0: ")
    assert "is not an address or network" in problem
