import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moca.core.inbound.events import InboundMessage
from moca.core.types import ContactKey
from moca.instagram.envelope import NotInstagram, NotJson
from moca.instagram.events import read_webhook

ACCOUNT = "17841400000000001"
MAYA = ContactKey(ACCOUNT, "28978671838402975")
MAX_BODY_BYTES = 4 * 1024 * 1024
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


def webhook(*raw_items, account='"17841400000000001"'):
    items = ",".join(raw_items)
    return f'{{"object":"instagram","entry":[{{"id":{account},"messaging":[{items}]}}]}}'.encode()


def message(raw):
    return webhook(f'{{"sender":{{"id":"1"}},"message":{raw}}}')


@given(st.binary())
def test_no_bytes_raise_anything_but_what_is_promised(body):
    with contextlib.suppress(NotJson, NotInstagram):
        read_webhook(body, live=True)


FIELDS = ["messages", "comments", "live_comments", "mentions", "message_edit", "standby"]


@given(
    st.one_of(anything, likely),
    st.sampled_from(["messaging", "standby", "changes", "value"]),
    st.sampled_from(FIELDS),
)
def test_no_json_raises_anything(value, envelope, field):
    body = {"object": "instagram", "entry": [{"id": value, "field": field, envelope: value}]}
    events = read_webhook(json.dumps(body).encode(), live=True)
    json.dumps([repr(event) for event in events]).encode()


@given(likely)
def test_a_good_message_is_found_beside_any_broken_item(broken):
    items = (json.dumps(broken), json.dumps(GOOD_ITEM), json.dumps(broken))
    assert GOOD in read_webhook(webhook(*items), live=True)


@given(likely)
def test_a_good_message_is_found_after_any_broken_entry(broken):
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
def test_a_broken_item_is_unreadable_and_its_neighbours_are_not(broken):
    good = json.dumps(GOOD_ITEM)
    first, between, last = read_webhook(webhook(good, broken, good), live=True)
    assert (first, between.kind, last) == (GOOD, "unreadable", GOOD)


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
def test_an_item_that_names_no_contact_is_unknown_and_its_neighbours_are_not(nameless):
    good = json.dumps(GOOD_ITEM)
    first, between, last = read_webhook(webhook(good, nameless, good), live=True)
    assert (first, between.kind, last) == (GOOD, "unknown", GOOD)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("repeated", ['"\\', '"', "["])
def test_a_body_as_large_as_may_be_is_refused_however_it_is_nested(repeated):
    body = ("[" * 1500 + repeated * (MAX_BODY_BYTES // len(repeated)))[:MAX_BODY_BYTES]
    with pytest.raises(NotJson):
        read_webhook(body.encode(), live=True)


def test_deep_nesting_costs_only_what_is_nested():
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
def test_text_is_made_fit_for_storage(raw, text):
    (event,) = read_webhook(message(f'{{"mid":"m","text":{raw}}}'), live=True)
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
def test_a_timestamp_is_read_where_it_makes_sense(raw, year):
    body = webhook(f'{{"sender":{{"id":"1"}},"timestamp":{raw},"message":{{"mid":"m"}}}}')
    (event,) = read_webhook(body, live=True)
    assert (event.sent_at and event.sent_at.year) == year


def test_a_message_without_an_id_gets_the_same_one_every_time():
    (first,) = read_webhook(message('{"text":"hi"}'), live=True)
    (again,) = read_webhook(message('{ "text" : "hi" }'), live=True)
    (other,) = read_webhook(message('{"text":"ho"}'), live=True)
    assert first.mid == again.mid != other.mid
    assert first.mid.startswith("hash:")


def test_an_id_too_long_to_store_is_hashed():
    (longest,) = read_webhook(message(json.dumps({"mid": "m" * 512})), live=True)
    (too_long,) = read_webhook(message(json.dumps({"mid": "m" * 513})), live=True)
    assert longest.mid == "m" * 512
    assert too_long.mid.startswith("hash:")
    assert len(too_long.mid) < 512
