"""Unexpected values, as JSON text."""

import json
import re

DEEP = "[" * 3_000 + "]" * 3_000
DEEP_OBJECT = '{"message":' * 3_000 + "7" + "}" * 3_000
RAW = (
    "null",
    "true",
    "false",
    "0",
    "-1",
    "7",
    "1.5",
    "1e999",
    "-1e999",
    "NaN",
    "Infinity",
    "9007199254740993",
    "17841400000000001",
    "9" * 30,
    "9" * 5_000,
    "-" + "9" * 401,
    '""',
    '" "',
    '"x"',
    r'"\u0000"',
    r'"a\u0000b"',
    r'"\ud83d"',
    r'"\udc00\ud83d"',
    r'"\ud83d\ude00"',
    r'"\u202e\u200b\ufeff"',
    '"\u00e9\U0001f600"',
    '"0"',
    '"1764000000123"',
    '"' + "9" * 300 + '"',
    '"' + "\U0001f600" * 700 + '"',
    '"{{7*7}}"',
    '"\'; DROP TABLE message; --"',
    "[]",
    "{}",
    "[null]",
    "[[]]",
    '{"":null}',
    '{"id":null}',
    '{"id":28978671838402975}',
    '[{"mid":"m"},7]',
    '{"__proto__":{"id":"1"}}',
    DEEP,
    DEEP_OBJECT,
)
KEYS = (
    "sender",
    "recipient",
    "timestamp",
    "message",
    "postback",
    "mid",
    "text",
    "id",
    "attachments",
    "type",
    "quick_reply",
    "is_echo",
    "is_self",
    "is_deleted",
    "is_unsupported",
    "title",
    "field",
    "value",
    "messaging",
    "standby",
    "changes",
    "entry",
    "object",
    "reaction",
    "read",
    "message_edit",
    "",
    "\x00",
    "\ud800",
    "__proto__",
)

_PLACEHOLDER = re.compile(r'"odd value ([0-9]+)"')


def placeholder(number: int) -> str:
    """Stand for one of the values until the JSON is written, since Python's encoder knows few."""
    return f"odd value {number}"


def write(document: object) -> str:
    """Write a document as JSON, replacing its placeholders."""
    return _PLACEHOLDER.sub(lambda found: RAW[int(found[1])], json.dumps(document))
