import json
from typing import Any

import pytest

from moca.instagram.envelope import NotJson, read_items, share_of
from moca.instagram.events import read_webhook


def told(mid: str) -> dict[str, Any]:
    return {"sender": {"id": mid}, "recipient": {"id": "1"}, "message": {"mid": mid, "text": mid}}


BODY = json.dumps(
    {
        "object": "instagram",
        "entry": [
            {"id": "1", "time": 1, "messaging": [told("a"), told("b")], "standby": [told("c")]},
            {"id": "1", "changes": [{"field": "comments", "value": {"id": "d", "text": "d"}}]},
            {"id": "1", "field": "mentions", "value": {"media_id": "e"}},
            {"id": "1", "changed_fields": ["feed"]},
        ],
    }
).encode()
ITEMS = list(read_items(BODY))
DEEP = b'{"object":"instagram","entry":[{"messaging":[%s,%s]}]}'


@pytest.mark.parametrize("kept", range(2 ** len(ITEMS)))
def test_a_share_tells_what_was_kept_of_a_webhook_and_nothing_else(kept: int) -> None:
    is_kept = [bool(kept >> place & 1) for place in range(len(ITEMS))]
    share = share_of(BODY, is_kept)
    assert list(read_items(share)) == [
        each for each, is_in in zip(ITEMS, is_kept, strict=True) if is_in
    ]


def test_a_share_of_what_is_nested_too_deeply_is_read_as_the_whole_was() -> None:
    deep = b'{"deep":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    body = DEEP % (json.dumps(told("a")).encode(), deep)
    assert read_webhook(share_of(body, [True, False]), live=True) == (
        read_webhook(body, live=True)[0],
    )


def test_there_is_no_share_of_what_cannot_be_read() -> None:
    with pytest.raises(NotJson):
        share_of(b"{", [])
