import io
import json
from typing import Any

import peewee
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from moca.core.messages.command import Conflict
from moca.core.messages.inbound import RecordWebhook
from moca.instagram.events import read_webhook
from moca.instagram.signature import sign
from moca.web.webhook import MAX_BODY_BYTES, MAX_ITEMS
from tests.web.conftest import Backend
from tests.web.rows import AT

ADDRESS = "/api/instagram/webhook"
SAMPLE = json.dumps(
    {
        "object": "instagram",
        "entry": [
            {
                "id": "123456789",
                "time": 1234567890,
                "changes": [
                    {
                        "field": "messages",
                        "value": {
                            "sender": {"id": "user_psid_123"},
                            "recipient": {"id": "page_id_456"},
                            "timestamp": "1527459824",
                            "message": {"mid": "message_id_789", "text": "Hello"},
                        },
                    }
                ],
            }
        ],
    }
).encode()
HANDSHAKE = {
    "hub.mode": "subscribe",
    "hub.verify_token": "the-verify-token",
    "hub.challenge": "1158201444",
}
SIGNATURE = sign(SAMPLE, "second-secret")


def post(client: FlaskClient, body: bytes, secret: str = "second-secret") -> TestResponse:
    return client.post(ADDRESS, data=body, headers={"X-Hub-Signature-256": sign(body, secret)})


def told(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


def test_a_signed_webhook_is_handed_over_and_answered_after_its_receipt(
    stranger: FlaskClient, backend: Backend
) -> None:
    answer = post(stranger, SAMPLE)

    assert (answer.status_code, answer.mimetype, answer.text) == (
        200,
        "text/plain",
        "EVENT_RECEIVED",
    )
    assert backend.commands == [
        RecordWebhook(SAMPLE, read_webhook(SAMPLE, live=False), AT, SIGNATURE)
    ]


def test_a_body_signed_with_another_secret_or_not_at_all_is_not_even_read(
    stranger: FlaskClient, backend: Backend
) -> None:
    assert told(post(stranger, b"no json", "a stranger's secret")) == (403, "forbidden")
    assert told(stranger.post(ADDRESS, data=SAMPLE)) == (403, "forbidden")
    assert backend.commands == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not json", 400),
        (b"\xff\xfe", 400),
        (b'{"object":"page","entry":[]}', 404),
        (b'"instagram"', 404),
        (b"[]", 404),
    ],
)
def test_a_signed_body_that_is_no_instagram_webhook_is_refused(
    stranger: FlaskClient, backend: Backend, body: bytes, status: int
) -> None:
    assert post(stranger, body).status_code == status
    assert backend.commands == []


def full_of(count: int) -> bytes:
    items = b",".join(b'{"n":%d}' % number for number in range(count))
    return b'{"object":"instagram","entry":[{"id":"1","messaging":[%s]}]}' % items


def test_a_body_that_tells_more_than_is_read_is_refused_with_the_number(
    stranger: FlaskClient, backend: Backend
) -> None:
    answer = post(stranger, full_of(MAX_ITEMS + 1))

    assert told(answer) == (413, "too_large")
    assert answer.get_json()["error"]["message"] == "The request body has more than 20000 events."
    assert backend.commands == []
    assert post(stranger, full_of(MAX_ITEMS)).status_code == 200


@pytest.mark.parametrize("answer", [None, OSError("disk full"), Conflict("overloaded")])
def test_what_is_not_known_to_be_stored_is_answered_503(
    stranger: FlaskClient, backend: Backend, answer: OSError | Conflict | None
) -> None:
    backend.answer = answer

    assert told(post(stranger, SAMPLE)) == (503, "unavailable")


def test_a_supervisor_that_takes_nothing_makes_it_503(
    stranger: FlaskClient, backend: Backend
) -> None:
    backend.refuses = RuntimeError("actor not found")

    assert told(post(stranger, SAMPLE)) == (503, "unavailable")


def test_the_largest_body_is_taken_and_one_byte_more_is_not(
    stranger: FlaskClient, backend: Backend
) -> None:
    largest = SAMPLE + b" " * (MAX_BODY_BYTES - len(SAMPLE))

    assert post(stranger, largest).status_code == 200
    assert told(post(stranger, largest + b" ")) == (413, "too_large")
    assert told(post(stranger, largest + b" " * 9)) == (413, "too_large")
    assert len(backend.commands) == 1


def test_a_body_without_an_announced_length_is_read_no_further_than_the_limit(
    stranger: FlaskClient,
) -> None:
    endless = io.BytesIO(b" " * (MAX_BODY_BYTES + 100_000))

    answer = stranger.post(
        ADDRESS,
        input_stream=endless,
        environ_overrides={"wsgi.input_terminated": True},
        headers={"Transfer-Encoding": "chunked"},
    )

    assert told(answer) == (413, "too_large")
    assert endless.tell() <= MAX_BODY_BYTES + 1


def test_the_webhook_opens_no_database_connection(
    stranger: FlaskClient, database: peewee.Database
) -> None:
    database.close()

    assert post(stranger, SAMPLE).status_code == 200
    assert database.is_closed()


def test_the_handshake_returns_the_challenge_as_plain_text(stranger: FlaskClient) -> None:
    answer = stranger.get(ADDRESS, query_string=HANDSHAKE)

    assert (answer.status_code, answer.mimetype, answer.text) == (200, "text/plain", "1158201444")


def test_the_handshake_takes_underscores_for_dots(stranger: FlaskClient) -> None:
    spelled = {name.replace(".", "_"): value for name, value in HANDSHAKE.items()}

    assert stranger.get(ADDRESS, query_string=spelled).text == "1158201444"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"hub.verify_token": "wrong"}, 403),
        ({"hub.verify_token": "wröng"}, 403),
        ({"hub.mode": "unsubscribe"}, 400),
        ({"hub.mode": ["subscribe", "subscribe"]}, 400),
        ({"hub.challenge": "<script>"}, 400),
        ({"hub.challenge": "1\n"}, 400),
        ({"hub.challenge": ""}, 400),
        ({"hub.challenge": None}, 400),
        ({"hub.mode": None}, 400),
        ({"hub.verify_token": None}, 400),
    ],
)
def test_a_wrong_token_is_forbidden_and_odd_parameters_are_bad(
    stranger: FlaskClient, changes: dict[str, Any], status: int
) -> None:
    asked = {name: value for name, value in (HANDSHAKE | changes).items() if value is not None}

    assert stranger.get(ADDRESS, query_string=asked).status_code == status
