import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moca.core.inbound.events import InboundMessage, OtherEvent
from moca.core.types import ContactKey
from moca.instagram.envelope import NotInstagram, NotJson
from moca.instagram.events import TooManyItems, read_webhook
from moca.web.webhook import MAX_BODY_BYTES, MAX_ITEMS
from tests.support.values import of_kind, only

ACCOUNT = "17841400000000001"
MAYA = ContactKey(ACCOUNT, "28978671838402975")
GOOD_ITEM = {
    "sender": {"id": MAYA.psid},
    "recipient": {"id": ACCOUNT},
    "message": {"mid": "good", "text": "still here"},
}
GOOD = InboundMessage(contact=MAYA, mid="good", text="still here")
DEEP = "[" * 5_000 + "]" * 5_000

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(categories=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
KEYS = ["sender", "recipient", "timestamp", "message", "postback", "is_self", "id", "mid", "text"]
KEYS += ["attachments", "type", "quick_reply", "is_echo", "is_deleted", "is_unsupported", "title"]
KEYS += ["payload", "url", "reply_to", "story", "referral", "ads_context_data", "product", "from"]
KEYS += ["message_edit", "num_edit", "reaction", "action", "read", "optin", "media", "comment_id"]
KEYS += ["pass_thread_control", "take_thread_control", "new_owner_app_id", "app_roles"]
likely = st.recursive(
    anything,
    lambda inner: st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=12,
)


def webhook(*raw_items: str, account: str = '"17841400000000001"') -> bytes:
    items = ",".join(raw_items)
    return f'{{"object":"instagram","entry":[{{"id":{account},"messaging":[{items}]}}]}}'.encode()


def message(raw: str) -> bytes:
    return webhook(f'{{"sender":{{"id":"1"}},"message":{raw}}}')


@given(st.binary())
def test_no_bytes_raise_anything_but_what_is_promised(body: bytes) -> None:
    with contextlib.suppress(NotJson, NotInstagram):
        read_webhook(body, live=True)


FIELDS = ["messages", "comments", "live_comments", "mentions", "message_edit", "standby"]


@given(
    st.one_of(anything, likely),
    st.sampled_from(["messaging", "standby", "changes", "value"]),
    st.sampled_from(FIELDS),
)
def test_no_json_raises_anything(
    value: dict[str, object] | int | list[float | str | None] | None, envelope: str, field: str
) -> None:
    body = {"object": "instagram", "entry": [{"id": value, "field": field, envelope: value}]}
    events = read_webhook(json.dumps(body).encode(), live=True)
    json.dumps([repr(event) for event in events]).encode()


@given(likely)
def test_a_good_message_is_found_beside_any_broken_item(
    broken: dict[str, Any] | int | list[object] | None,
) -> None:
    items = (json.dumps(broken), json.dumps(GOOD_ITEM), json.dumps(broken))
    assert GOOD in read_webhook(webhook(*items), live=True)


@given(likely)
def test_a_good_message_is_found_after_any_broken_entry(
    broken: dict[str, Any] | list[dict[str, float] | list[object]] | str | None,
) -> None:
    good = {"id": ACCOUNT, "messaging": [GOOD_ITEM]}
    body = {"object": "instagram", "entry": [broken, {"changes": [broken]}, good]}
    assert GOOD in read_webhook(json.dumps(body).encode(), live=True)


@pytest.mark.parametrize(
    "broken",
    [
        "null",
        "7",
        '"x"',
        "[]",
        "NaN",
        "1e999",
        "9" * 10_000,
        DEEP,
        f'{{"message":{DEEP}}}',
        '{"sender":{"id":"1"},"message":"x"}',
        '{"sender":{"id":"1"},"message":{}}',
    ],
)
def test_a_broken_item_is_unreadable_and_its_neighbours_are_not(broken: str) -> None:
    good = json.dumps(GOOD_ITEM)
    first, between, last = read_webhook(webhook(good, broken, good), live=True)
    assert (first, of_kind(between, OtherEvent).kind, last) == (GOOD, "unreadable", GOOD)


@pytest.mark.parametrize(
    "nameless",
    [
        '{"message":{"mid":"m","text":"no sender"}}',
        '{"sender":{"id":true},"message":{"mid":"m"}}',
        '{"sender":{"id":1.5},"message":{"mid":"m"}}',
        '{"sender":{"id":"a\\u0000"},"message":{"mid":"m"}}',
        f'{{"sender":{{"id":"{"9" * 256}"}},"message":{{"mid":"m"}}}}',
        f'{{"sender":{{"id":"{"é" * 128}"}},"message":{{"mid":"m"}}}}',
        '{"sender":null,"postback":{"mid":"m"}}',
    ],
)
def test_an_item_that_names_no_contact_is_unknown_and_its_neighbours_are_not(nameless: str) -> None:
    good = json.dumps(GOOD_ITEM)
    first, between, last = read_webhook(webhook(good, nameless, good), live=True)
    assert (first, of_kind(between, OtherEvent).kind, last) == (GOOD, "unknown", GOOD)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("repeated", ['"\\', '"', "["])
def test_a_body_as_large_as_may_be_is_refused_however_it_is_nested(repeated: str) -> None:
    body = ("[" * 1500 + repeated * (MAX_BODY_BYTES // len(repeated)))[:MAX_BODY_BYTES]
    with pytest.raises(NotJson):
        read_webhook(body.encode(), live=True)


def numbered(count: int) -> bytes:
    return webhook(*(f'{{"n":{number}}}' for number in range(count)))


def test_a_body_is_not_read_past_so_many_items_that_tell_something() -> None:
    assert len(read_webhook(numbered(100), live=True, max_items=100)) == 100
    with pytest.raises(TooManyItems, match="The request body has more than 100 events"):
        read_webhook(numbered(101), live=True, max_items=100)


def test_a_body_that_was_acknowledged_is_read_whole_whatever_it_holds() -> None:
    assert len(read_webhook(numbered(MAX_ITEMS + 9), live=True)) == MAX_ITEMS + 9


IN_CHANGES = b'{"object":"instagram","entry":[{"id":"1","changes":[%s]}]}'
IN_ENTRIES = b'{"object":"instagram","entry":[%s]}'
IN_MESSAGING = b'{"object":"instagram","entry":[{"id":"1","messaging":[%s]}]}'


@pytest.mark.timeout(30)
@pytest.mark.parametrize("body", [IN_CHANGES, IN_ENTRIES, IN_MESSAGING])
@pytest.mark.parametrize("nothing", [b"{}", b"1", b"null", b'{"a":1}', b'{"message":{}}'])
def test_what_tells_nothing_is_understood_once_however_often_it_is_repeated(
    body: bytes, nothing: bytes
) -> None:
    room = (MAX_BODY_BYTES - len(body)) // (len(nothing) + 1)
    full = body % b",".join([nothing] * room)
    once = read_webhook(body % nothing, live=True, max_items=MAX_ITEMS)
    assert len(once) <= 1
    events = read_webhook(full, live=True, max_items=MAX_ITEMS)
    assert events[:1] == once
    assert all(event is events[0] for event in events)


def test_as_many_messages_as_a_body_has_room_for_are_read() -> None:
    message = {
        "sender": {"id": MAYA.psid},
        "recipient": {"id": ACCOUNT},
        "timestamp": 1764000000123,
        "message": {"mid": "m" * 100, "text": "hi"},
    }
    assert len(json.dumps(message)) * MAX_ITEMS > MAX_BODY_BYTES


def test_deep_nesting_costs_only_what_is_nested() -> None:
    (message,) = read_webhook(
        webhook(f'{{"sender":{{"id":"1"}},"message":{{"mid":"m","text":"[{{","x":{DEEP}}}}}'),
        live=True,
    )
    assert message == InboundMessage(contact=ContactKey(ACCOUNT, "1"), mid="m", text="[{")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (r'"a\u0000b"', "ab"),
        (r'"\ud83d alone"', "� alone"),
        (r'"\ud83d\ude00"', "\U0001f600"),
        ("7", ""),
        ('["x"]', ""),
        ("null", ""),
    ],
)
def test_text_is_made_fit_for_storage(raw: str, text: str) -> None:
    event = only(read_webhook(message(f'{{"mid":"m","text":{raw}}}'), live=True), InboundMessage)
    assert event.text == text


@pytest.mark.parametrize(
    ("raw", "year"),
    [
        ("1764000000123", 2025),
        ('"1764000000123"', 2025),
        ("1764000000", 2025),
        ('"1764000000"', 2025),
        ("99999999999", 5138),
        ("100000000000", 1973),
        ("0", None),
        ("-5", None),
        ("true", None),
        ("NaN", None),
        ("1e400", None),
        ("9" * 30, None),
        ('"soon"', None),
        ("{}", None),
        ("null", None),
    ],
)
def test_a_timestamp_is_read_where_it_makes_sense(raw: str, year: int | None) -> None:
    body = webhook(f'{{"sender":{{"id":"1"}},"timestamp":{raw},"message":{{"mid":"m"}}}}')
    event = only(read_webhook(body, live=True), InboundMessage)
    assert (event.sent_at and event.sent_at.year) == year


def test_a_message_without_an_id_gets_the_same_one_every_time() -> None:
    def mid_of(raw: str) -> str:
        return only(read_webhook(message(raw), live=True), InboundMessage).mid

    first, again, other = map(mid_of, ('{"text":"hi"}', '{ "text" : "hi" }', '{"text":"ho"}'))
    assert first == again != other
    assert first.startswith("hash:")


def test_an_id_too_long_to_store_is_hashed() -> None:
    longest, too_long = (
        only(read_webhook(message(json.dumps({"mid": "m" * count})), live=True), InboundMessage)
        for count in (512, 513)
    )
    assert longest.mid == "m" * 512
    assert too_long.mid.startswith("hash:")
    assert len(too_long.mid) < 512
