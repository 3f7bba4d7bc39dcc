from datetime import UTC, datetime, timedelta

import pytest

from moca.core.push import (
    MAX_RETRY_AFTER,
    Push,
    PushAnswer,
    PushKind,
    PushOutcome,
    SubscriptionKeys,
    contact_for,
    endpoint_fault,
    is_public,
    keys_fault,
    retry_at,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
FAILED = PushOutcome.FAILED


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
        "https://web.push.apple.com:443/Q?x=1",
        "https://wns2-par02p.notify.windows.com/w/?token=BQ%3d",
    ],
)
def test_the_addresses_of_push_services_are_taken(endpoint: str) -> None:
    assert endpoint_fault(endpoint) == ""


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "http://push.example.com/",
        "https://push.example.com:8443/",
        "https://push.example.com:0x1bb/",
        "https://user@push.example.com/",
        "https://push.example.com\\@127.0.0.1/",
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://localhost/",
        "https://metadata/",
        "https://push.example.com./",
        "https://-push.example.com/",
        "https://push..com/",
        "https://pu sh.example.com/",
        "https://push.example.com/\r\nHost: x",
        "https://push.example.com/\x00",
        "https://\u0440ush.example.com/",
        "https://push.example.com/" + "x" * 1000,
        "file:///etc/passwd",
        "https://[",
    ],
)
def test_other_addresses_are_refused(endpoint: str) -> None:
    assert endpoint_fault(endpoint) != ""


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("192.168.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("ff02::1", False),
        ("fec0::1", False),
        ("localhost", False),
        ("", False),
    ],
)
def test_only_addresses_of_the_internet_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("point", "auth", "field"),
    [
        (POINT, AUTH, ""),
        (POINT + "=", AUTH + "==", ""),
        (POINT[:-1], AUTH, "p256dh"),
        ("A" + POINT[1:], AUTH, "p256dh"),
        ("+/" + POINT[2:], AUTH, "p256dh"),
        ("é", AUTH, "p256dh"),
        (POINT, AUTH[:-2], "auth"),
        (POINT, "", "auth"),
    ],
)
def test_keys_have_their_lengths(point: str, auth: str, field: str) -> None:
    assert keys_fault(SubscriptionKeys(point, auth)).partition(":")[0] == field


@pytest.mark.parametrize(
    ("kind", "body", "tag"),
    [
        (PushKind.NEEDS_REPLY, "Needs a reply", "/conversations/7"),
        (PushKind.MENTION, "ana mentioned you", "/conversations/7#notes"),
        (PushKind.ASSIGNMENT, "ana assigned this conversation to you", "/conversations/7"),
    ],
)
def test_a_push_names_the_contact_and_the_occasion(kind: PushKind, body: str, tag: str) -> None:
    push = Push(kind=kind, conversation_id=7, contact="Zoe", by="ana", at=NOW, subscriptions=())

    assert push.document() == {"title": "Zoe", "body": body, "tag": tag, "url": "/conversations/7"}


@pytest.mark.parametrize(
    ("answer", "attempt", "again"),
    [
        (PushAnswer(FAILED), 1, timedelta(seconds=2)),
        (PushAnswer(FAILED, "", timedelta(seconds=30)), 1, timedelta(seconds=30)),
        (PushAnswer(FAILED, "", timedelta(days=1)), 2, MAX_RETRY_AFTER),
        (PushAnswer(FAILED), 3, None),
        (PushAnswer(PushOutcome.REFUSED), 1, None),
        (PushAnswer(PushOutcome.GONE), 1, None),
    ],
)
def test_what_failed_is_tried_again_twice(
    answer: PushAnswer, attempt: int, again: timedelta | None
) -> None:
    expected = None if again is None else NOW + again
    assert retry_at(answer, attempt, NOW) == expected


@pytest.mark.parametrize(
    ("public_url", "contact"),
    [
        ("https://moca.example", "https://moca.example"),
        ("https://moca.example/", "https://moca.example"),
        ("https://moca.example:8443", "mailto:moca@localhost"),
        ("http://moca.example", "mailto:moca@localhost"),
        ("https://moca", "mailto:moca@localhost"),
        ("", "mailto:moca@localhost"),
    ],
)
def test_push_services_get_a_contact_that_they_accept(public_url: str, contact: str) -> None:
    assert contact_for(public_url) == contact


def test_a_host_whose_last_part_is_too_long_is_none() -> None:
    assert endpoint_fault(f"https://a.{'b' * 64}/x") == "must name a host"
