import json

import pytest

from moca.core.inbound.redaction import without_tokens


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"notification_messages_token":"secret"}', b'{"notification_messages_token":""}'),
        (b'{"notification_messages_token" : "a\\"b", "x":1}', None),
        (b'{"notification_messages_token":12345}', b'{"notification_messages_token":""}'),
    ],
)
def test_an_opt_ins_token_is_taken_out_of_a_body(body: bytes, kept: bytes | None) -> None:
    redacted = without_tokens(body)
    assert json.loads(redacted)["notification_messages_token"] == ""
    assert kept is None or redacted == kept


def test_a_body_without_a_token_stays_as_it_came() -> None:
    body = b'{"text":"what is \\"notification_messages_token\\":\\"x\\"?"}'
    assert without_tokens(body) == body
