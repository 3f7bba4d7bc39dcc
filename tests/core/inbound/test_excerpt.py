import json
from typing import Any

import pytest

from moca.core.inbound.excerpt import items_naming

ANNA, BEN = "28978671838402975", "28978671838402976"
OF_ANNA = {"sender": {"id": ANNA}, "message": {"mid": "m1", "text": "hello"}}
OF_BEN = {"sender": {"id": BEN}, "message": {"mid": "m2", "text": "hi"}}


@pytest.mark.parametrize(
    "entry",
    [
        {"id": "1", "messaging": [OF_ANNA, OF_BEN]},
        {"id": "1", "standby": [OF_BEN, OF_ANNA]},
        {"id": "1", "changes": [OF_BEN, OF_ANNA]},
        {"id": "1", "messaging": OF_ANNA},
    ],
)
def test_only_what_names_the_contact_is_taken_out_of_a_body(entry: dict[str, Any]) -> None:
    body = json.dumps({"object": "instagram", "entry": [entry]}).encode()
    assert items_naming(body, ANNA) == [OF_ANNA]


def test_an_entry_that_is_one_item_itself_is_taken_whole() -> None:
    entry = {"id": "1", "field": "messages", "value": OF_ANNA}
    assert items_naming(json.dumps([{"entry": entry}]).encode(), ANNA) == [entry]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[7]", b"null", b'{"entry":[7]}', b"[" * 5000, b"\xff"], ids=repr
)
def test_a_body_that_tells_nothing_of_the_contact_is_empty(body: bytes) -> None:
    assert items_naming(body, ANNA) == []
