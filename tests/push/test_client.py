from collections.abc import Iterator
from datetime import timedelta
from typing import NoReturn
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from freezegun import freeze_time
from urllib3 import HTTPConnectionPool

from moca.core.push import (
    Push,
    PushAnswer,
    PushKind,
    PushOutcome,
    PushSubscription,
    SubscriptionKeys,
    contact_for,
)
from moca.push import client as push_client
from moca.push.client import PushClient
from moca.push.connection import NotPublic
from tests.instagram.test_deadline import answering
from tests.push.push_service import (
    Browser,
    FakePushService,
    claims_of,
    in_base64,
    point_of,
    push_service,
)
from tests.support.factory import NOON

CONTACT = "https://moca.example"
KEY = ec.generate_private_key(ec.SECP256R1())
PUSH = Push(
    kind=PushKind.MENTION,
    conversation_id=7,
    contact="Zoë 🌸",
    by="ana",
    at=NOON,
    subscriptions=(),
)


@pytest.fixture
def service() -> Iterator[FakePushService]:
    with push_service() as service:
        yield service


@pytest.fixture
def browser() -> Browser:
    return Browser()


def client(service: FakePushService, key: ec.EllipticCurvePrivateKey | None = KEY) -> PushClient:
    return PushClient(lambda: key, CONTACT, service.connect)


@freeze_time(NOON)
def test_a_browser_reads_the_message_and_its_service_knows_who_sent_it(
    service: FakePushService, browser: Browser
) -> None:
    answer = client(service).send(PUSH, browser.subscription)

    ((path, headers, body),) = service.requests
    assert answer == PushAnswer(PushOutcome.DELIVERED)
    assert browser.opened(body) == {
        "title": "Zoë 🌸",
        "body": "ana mentioned you",
        "tag": "/conversations/7#notes",
        "url": "/conversations/7",
    }
    assert b"Zo" not in body
    assert (path, headers["Host"]) == ("/send/1?v=2", "push.example.com")
    assert (headers["TTL"], headers["Content-Encoding"]) == ("600", "aes128gcm")
    assert claims_of(headers["Authorization"], in_base64(point_of(KEY))) == {
        "aud": "https://push.example.com",
        "exp": int((NOON + timedelta(hours=12)).timestamp()),
        "sub": CONTACT,
    }


@pytest.mark.parametrize(
    ("status", "headers", "answer"),
    [
        (201, {}, PushAnswer(PushOutcome.DELIVERED)),
        (404, {}, PushAnswer(PushOutcome.GONE, "status 404")),
        (410, {}, PushAnswer(PushOutcome.GONE, "status 410")),
        (403, {}, PushAnswer(PushOutcome.REFUSED, "status 403")),
        (302, {"Location": "https://moca.example/"}, PushAnswer(PushOutcome.REFUSED, "status 302")),
        (
            429,
            {"Retry-After": "30"},
            PushAnswer(PushOutcome.FAILED, "status 429", timedelta(seconds=30)),
        ),
        (503, {"Retry-After": "-1"}, PushAnswer(PushOutcome.FAILED, "status 503")),
        (500, {"Retry-After": "9" * 99}, PushAnswer(PushOutcome.FAILED, "status 500")),
    ],
)
@freeze_time(NOON)
def test_what_a_service_answers_says_what_comes_next(
    service: FakePushService,
    browser: Browser,
    status: int,
    headers: dict[str, str],
    answer: PushAnswer,
) -> None:
    service.answers.append((status, headers))

    assert client(service).send(PUSH, browser.subscription) == answer
    assert len(service.requests) == 1


@freeze_time(NOON)
@pytest.mark.parametrize("public_url", ["https://moca.example/", "https://moca.example:8443", ""])
def test_whatever_the_public_address_a_message_is_signed(
    service: FakePushService, browser: Browser, public_url: str
) -> None:
    client = PushClient(lambda: KEY, contact_for(public_url), service.connect)
    assert client.send(PUSH, browser.subscription).outcome is PushOutcome.DELIVERED


def test_a_host_that_has_no_name_is_gone(browser: Browser) -> None:
    def fail(_host: str, _timeout_seconds: float) -> NoReturn:
        raise UnicodeError("label too long")

    answer = PushClient(lambda: KEY, CONTACT, fail).send(PUSH, browser.subscription)
    assert answer.outcome is PushOutcome.GONE


def test_a_service_that_does_not_answer_has_failed(browser: Browser) -> None:
    nowhere = PushClient(
        lambda: KEY, CONTACT, lambda _host, _timeout: HTTPConnectionPool("127.0.0.1", 1)
    )

    answer = nowhere.send(PUSH, browser.subscription)

    assert (answer.outcome, answer.problem.split(":")[0]) == (PushOutcome.FAILED, "no response")
    assert "127.0.0.1" not in answer.problem


def test_a_service_that_drips_its_answer_has_failed_in_time(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push_client, "_TIMEOUT_SECONDS", 0.3)
    with answering(b"HTTP/1.1 201", b" ") as address:
        port = urlsplit(address).port

        def connect(_host: str, timeout_seconds: float) -> HTTPConnectionPool:
            return HTTPConnectionPool("127.0.0.1", port, timeout=timeout_seconds, retries=False)

        answer = PushClient(lambda: KEY, CONTACT, connect).send(PUSH, browser.subscription)
    assert answer.outcome is PushOutcome.FAILED


@freeze_time(NOON)
def test_nothing_is_sent_to_a_private_address_to_none_or_without_a_key(
    service: FakePushService, browser: Browser
) -> None:
    def refuse(_host: str, _timeout_seconds: float) -> NoReturn:
        raise NotPublic

    keys = browser.subscription.keys
    elsewhere = PushSubscription(1, "https://127.0.0.1/", keys)
    off_curve = SubscriptionKeys(in_base64(b"\x04" + b"\x01" * 64), keys.auth)
    answers = [
        PushClient(lambda: KEY, CONTACT, refuse).send(PUSH, browser.subscription),
        client(service).send(PUSH, elsewhere),
        client(service, key=None).send(PUSH, browser.subscription),
        client(service).send(PUSH, PushSubscription(1, "https://push.example.com/", off_curve)),
    ]

    assert [each.outcome for each in answers] == [PushOutcome.GONE] * 4
    assert service.requests == []
