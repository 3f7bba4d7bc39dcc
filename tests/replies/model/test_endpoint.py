"""What a model server does instead of answering."""

from datetime import timedelta

import pytest

from moca.replies.generator import BadGenerator
from tests.instagram.test_deadline import DRIPPING, answering
from tests.replies.model.model_server import KEY, ModelServer
from tests.replies.model.protocols import HELLO, SECRET, Protocol, fault
from tests.replies.requests import NOON, asked
from tests.support.values import present


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (400, "400; if it does not support tools"),
        (401, "401; check replies.model.api_key"),
        (404, "404; check replies.model.url and replies.model.model"),
        (418, "418"),
        (429, "429, too many requests"),
    ],
)
def test_a_refused_call_is_not_repeated_and_says_what_to_do(
    server: ModelServer, protocol: Protocol, status: int, told: str
) -> None:
    server.will({"error": {"message": f"{KEY} {SECRET}", "type": "x"}}, status)
    told = f"the model server responded with {told}"
    assert fault(protocol.generator(server.url)).startswith(told)
    assert len(server.asked) == 1


def test_a_server_s_fault_is_repeated_so_often_and_no_more(
    server: ModelServer, protocol: Protocol
) -> None:
    for _ in range(3):
        server.will({"error": SECRET}, 500)
    assert fault(protocol.generator(server.url, retries=2)) == "the model server responded with 500"
    assert len(server.asked) == 3


def test_a_repeated_call_may_succeed(server: ModelServer, protocol: Protocol) -> None:
    server.will(b"oops", 503, {"Content-Type": "text/html"})
    server.will(protocol.answer("Hello"))
    assert protocol.generator(server.url).reply(asked("hi")) == HELLO


def test_a_server_that_hangs_is_given_up(server: ModelServer, protocol: Protocol) -> None:
    server.will_hang()
    generator = protocol.generator(server.url, timeout_seconds=0.2, retries=0)
    assert fault(generator) == "the model server did not respond in time"


@pytest.mark.parametrize(("begin", "then"), DRIPPING)
def test_a_server_that_answers_byte_by_byte_is_given_up(
    protocol: Protocol, begin: bytes, then: bytes
) -> None:
    with answering(begin, then) as url:
        generator = protocol.generator(url, timeout_seconds=0.3, retries=0)
        assert fault(generator) == "the model server did not respond in time"


def test_a_server_that_refers_to_another_gets_neither_key_nor_words_there(
    server: ModelServer, protocol: Protocol
) -> None:
    with ModelServer() as other:
        server.will({}, 307, {"Location": f"{other.url}/v1"})
        told = "the model server responded with 307; check replies.model.url"
        assert fault(protocol.generator(server.url)) == told
        assert other.asked == []


def test_a_server_that_needs_no_key_gets_none(server: ModelServer, protocol: Protocol) -> None:
    server.will(protocol.answer("Hello"))
    assert protocol.generator(server.url, api_key="").reply(asked("hi")) == HELLO
    assert server.keys == [None]


@pytest.mark.parametrize("key", ["a\nkey", "schlüssel"])
def test_a_key_that_cannot_be_sent_is_a_bad_setting(
    server: ModelServer, protocol: Protocol, key: str
) -> None:
    with pytest.raises(BadGenerator) as refused:
        protocol.generator(server.url, api_key=key)
    assert [each.split(": ")[0] for each in refused.value.problems] == ["replies.model.api_key"]
    assert key not in str(refused.value)


def test_a_server_that_is_not_there_is_told(protocol: Protocol) -> None:
    with ModelServer() as gone:
        generator = protocol.generator(gone.url)
    assert fault(generator) == "the model server cannot be reached"


@pytest.mark.parametrize(("header", "seconds"), [("30", 30), ("99999", 3600)])
def test_a_server_that_asks_for_a_rest_gets_it(
    server: ModelServer, protocol: Protocol, header: str, seconds: int
) -> None:
    server.will({}, 429, {"Retry-After": header})
    server.will(protocol.answer("Hello"))
    generator = protocol.generator(server.url)
    fault(generator)
    until = f"{NOON + timedelta(seconds=seconds):%H:%M:%S}"
    early = asked("hi", at=NOON + timedelta(seconds=seconds - 1))
    assert until in fault(generator, early)
    late = asked("hi", at=NOON + timedelta(seconds=seconds))
    assert generator.reply(late) == HELLO


def test_an_odd_wish_for_a_rest_is_none(server: ModelServer, protocol: Protocol) -> None:
    generator = protocol.generator(server.url, circuit_failures=100)
    for header in ("soon", "-1", "nan", "inf", ""):
        server.will({}, 429, {"Retry-After": header})
        server.will(protocol.answer("Hello"))
        fault(generator)
        assert generator.reply(asked("hi")) == HELLO, header


def test_the_environment_s_keys_and_addresses_are_not_read(
    server: ModelServer, protocol: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI", "ANTHROPIC"):
        monkeypatch.setenv(f"{name}_BASE_URL", "http://127.0.0.1:9/")
        monkeypatch.setenv(f"{name}_API_KEY", "another")
    server.will(protocol.answer("Hello"))
    protocol.generator(server.url).reply(asked("hi"))
    assert KEY in present(server.keys[0])
