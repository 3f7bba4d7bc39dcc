"""Any bytes as a webhook: a clear response, and valid messages in them are stored."""

import itertools
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moca.web.webhook import MAX_BODY_BYTES
from tests.hostile import odd
from tests.hostile.batches import bring
from tests.hostile.bodies import ACCOUNT, Bodies
from tests.hostile.door import Door

FINE = {200, 400, 404, 413}
MAYA = "28978671838402975"
quickly = settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(odd.KEYS) | st.text(), inner, max_size=5)
    ),
    max_leaves=15,
)
numbers = itertools.count(1)


def good_item() -> tuple[str, str]:
    """Return an item whose message must be stored, as its id and its JSON."""
    mid = f"good {next(numbers)}"
    message = {"mid": mid, "text": f"text of {mid}"}
    item = {"sender": {"id": MAYA}, "recipient": {"id": ACCOUNT}, "message": message}
    return mid, json.dumps(item)


def entry(*raw_items: str) -> str:
    return f'{{"id":"{ACCOUNT}","messaging":[{",".join(raw_items)}]}}'


def webhook(*raw_entries: str) -> bytes:
    return f'{{"object":"instagram","entry":[{",".join(raw_entries)}]}}'.encode(
        "utf-8", "surrogatepass"
    )


def is_stored(door: Door, mid: str) -> bool:
    return door.texts([mid]) == {mid: f"text of {mid}"}


@quickly
@given(raw=st.binary())
def test_no_bytes_get_anything_but_a_clear_answer(door: Door, raw: bytes) -> None:
    assert door.post(raw) in FINE


@quickly
@given(document=anything)
def test_no_json_gets_anything_but_a_clear_answer(door: Door, document: object) -> None:
    assert door.post(json.dumps(document).encode()) in FINE


@quickly
@given(raw=st.binary(), header=st.binary())
def test_nothing_unsigned_gets_in(door: Door, raw: bytes, header: bytes) -> None:
    shown = {"X-Hub-Signature-256": header.decode("latin1").translate({10: " ", 13: " "})}
    answer = door.client.post("/api/instagram/webhook", data=raw, headers=shown)
    assert answer.status_code == 403


@quickly
@given(before=anything, after=anything)
def test_a_good_item_is_stored_among_whatever_else_its_entry_holds(
    door: Door, before: dict[str, object] | float | list[object] | None, after: object
) -> None:
    mid, good = good_item()
    body = webhook(entry(json.dumps(before), good, json.dumps(after)))
    assert (door.post(body), is_stored(door, mid)) == (200, True)


@quickly
@given(before=anything, after=anything)
def test_a_good_entry_is_stored_among_whatever_other_entries(
    door: Door, before: object, after: object
) -> None:
    mid, good = good_item()
    body = webhook(json.dumps(before), entry(good), json.dumps({"changes": [after]}))
    assert (door.post(body), is_stored(door, mid)) == (200, True)


@pytest.mark.parametrize(
    "item",
    [
        "%s",
        '{"sender":%s,"message":{"mid":"x"}}',
        '{"sender":{"id":%s},"message":{"mid":"x"}}',
        '{"sender":{"id":"1"},"timestamp":%s,"message":{"mid":"x"}}',
        '{"sender":{"id":"1"},"message":%s}',
        '{"sender":{"id":"1"},"message":{"mid":%s,"text":"x"}}',
        '{"sender":{"id":"1"},"message":{"text":%s}}',
        '{"sender":{"id":"1"},"message":{"mid":"y","attachments":%s}}',
        '{"sender":{"id":"1"},"message":{"mid":"z","is_echo":%s}}',
        '{"sender":{"id":"1"},"postback":{"title":%s}}',
    ],
)
def test_an_odd_value_anywhere_in_an_item_costs_nothing_beside_it(door: Door, item: str) -> None:
    assert [raw[:40] for raw in odd.RAW if not _leaves_a_good_item(door, item, raw)] == []


def _leaves_a_good_item(door: Door, item: str, raw: str) -> bool:
    mid, good = good_item()
    broken = item.replace("%s", raw)
    return door.post(webhook(entry(broken, good, broken))) == 200 and is_stored(door, mid)


@pytest.mark.parametrize(
    "others",
    [
        "null",
        "7",
        "{}",
        "[]",
        '{"id":null,"messaging":null}',
        '{"id":"0","time":0,"messaging":[]}',
        '{"id":"1","changes":[{"field":"comments","value":{"id":"9"}}]}',
        '{"id":"1","changes":null}',
        f'{{"id":{odd.DEEP},"changes":{odd.DEEP}}}',
        f'{{"id":"1","messaging":[{{"message":{{"mid":"no sender","text":"x"}}}},{odd.DEEP}]}}',
    ],
    ids=range(10),
)
def test_an_entry_of_any_kind_before_a_good_one_costs_nothing(door: Door, others: str) -> None:
    mid, good = good_item()
    assert (door.post(webhook(others, entry(good))), is_stored(door, mid)) == (200, True)


def test_ids_as_numbers_are_kept_exact(door: Door) -> None:
    mid, account, psid = 2**53 + 7, 2**64 + 1, 10**40 + 1
    message = {"mid": mid, "text": "exact"}
    item = {"sender": {"id": psid}, "recipient": {"id": account}, "message": message}
    body = {"object": "instagram", "entry": [{"id": account, "messaging": [item]}]}

    assert door.post(json.dumps(body).encode()) == 200
    assert door.texts([str(mid)]) == {str(mid): "exact"}
    bearer = {"Authorization": "Bearer the-api-token"}
    shown = door.client.get(f"/api/messages/{mid}", headers=bearer).get_json()
    assert shown["contact"] == {"account_id": str(account), "psid": str(psid), "name": None}


def test_a_body_as_large_as_is_allowed_counts_and_a_larger_one_is_refused(door: Door) -> None:
    mid, good = good_item()
    text = json.dumps({"sender": {"id": "1"}, "message": {"mid": "long", "text": "x" * 4_000_000}})
    body = webhook(entry(text, good))
    largest = body + b" " * (MAX_BODY_BYTES - len(body))

    assert (door.post(largest), is_stored(door, mid)) == (200, True)
    assert door.post(largest + b" ") == 413


@pytest.mark.parametrize("filler", ["null", "{}", "[[[]]]", '{"sender":{"id":"1"},"message":{}}'])
def test_a_body_full_of_broken_items_costs_no_good_one(door: Door, filler: str) -> None:
    mid, good = good_item()
    broken = [filler] * (1_000_000 // (len(filler) + 1))
    assert (door.post(webhook(entry(*broken, good))), is_stored(door, mid)) == (200, True)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_json_in_another_encoding_is_read_too(door: Door, encoding: str) -> None:
    mid, good = good_item()
    body = webhook(entry("null", good)).decode().encode(encoding)
    assert (door.post(body), is_stored(door, mid)) == (200, True)


@pytest.mark.parametrize(
    "raw",
    [
        odd.DEEP.encode(),
        odd.DEEP_OBJECT.encode(),
        b"[" * MAX_BODY_BYTES,
        b'{"object":"instagram","entry":' * 100_000,
        b'{"object":"instagram","entry":' + b"9" * 1_000_000,
        b'"' * 1_000_001,
        b"\\" * 1_000_000,
        b'["\\ud800"' * 100_000,
        webhook(odd.DEEP).decode().encode("utf-16"),
    ],
    ids=range(9),
)
def test_a_body_made_to_exhaust_its_reader_gets_a_clear_answer(door: Door, raw: bytes) -> None:
    assert door.post(raw) in {200, 400, 404}


def test_many_bodies_written_together_cost_no_good_message() -> None:
    answers, found = bring(1_000, seed=7)

    good = sum(1 for body in itertools.islice(Bodies(7), 1_000) if body.good_mid)
    assert (answers.keys() - FINE, found) == (set(), good)
