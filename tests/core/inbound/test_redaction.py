import json

import pytest

from moca.core.inbound.redaction import mentions, redacted


@pytest.mark.parametrize(
    ("names", "body", "found"),
    [
        (("17",), b'{"sender":{"id":"17"}}', True),
        (("17",), b'{"sender":{"id":17}}', True),
        (("17",), b'{"sender":{"id": 17 }}', True),
        (("17",), b'{"sender":{"id":"178"}}', False),
        (("17",), b'{"sender":{"id":178}}', False),
        (("17",), b'{"num_edit":17}', False),
        (("17", "9"), b'{"sender":{"id":"17"},"recipient":{"id":"9"}}', True),
        (("17", "9"), b'{"sender":{"id":"17"}}', False),
        (("ann\u00e9",), b'{"id":"ann\\u00e9"}', True),
        (("ann\u00e9",), '{"id":"ann\u00e9"}'.encode(), True),
        (('a"b',), b'{"id":"a\\"b"}', True),
    ],
)
def test_an_id_is_found_whole_only(names: tuple[str, ...], body: bytes, found: bool) -> None:
    assert mentions(*names)(body) is found


def body(*items: object) -> bytes:
    return json.dumps({"object": "instagram", "entry": [{"messaging": list(items)}]}).encode()


def test_what_an_unsent_message_said_is_taken_out_and_the_rest_stays() -> None:
    told = {
        "mid": "m1",
        "text": "secret",
        "attachments": [{"type": "image", "payload": {"url": "https://secret"}}],
    }
    beside = {"message": {"mid": "m2", "text": "fine", "reply_to": {"mid": "m1"}}}
    clean = json.loads(redacted(body({"message": told}, beside), "m1"))

    (first, second) = clean["entry"][0]["messaging"]
    assert first == {"message": {"mid": "m1", "is_deleted": True}}
    assert (second["message"]["mid"], second["message"]["text"]) == ("m2", "fine")


def test_an_edit_loses_its_text_too() -> None:
    edit = {"message_edit": {"mid": "m1", "text": "secret", "num_edit": 1}}
    assert b"secret" not in redacted(body(edit), "m1")


def test_a_reaction_to_it_stays() -> None:
    reaction = {"reaction": {"mid": "m1", "action": "react", "emoji": "x"}}
    both = body({"message": {"mid": "m1", "text": "secret"}}, reaction)
    assert json.loads(redacted(both, "m1"))["entry"][0]["messaging"][1] == reaction


@pytest.mark.parametrize("odd", [b"", b"{", b"\xff", body({"message": {"text": "secret"}})])
def test_a_body_that_does_not_show_the_message_is_emptied(odd: bytes) -> None:
    assert redacted(odd, "m1") == b""


def test_a_mid_written_as_a_number_is_found() -> None:
    raw = body({"message": {"mid": 123, "text": "secret"}})
    clean = redacted(raw, "123")
    assert clean
    assert b"secret" not in clean
