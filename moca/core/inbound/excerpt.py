import json
from collections.abc import Iterator

from moca.core.inbound.redaction import mentions


def items_naming(body: bytes, psid: str) -> list[object]:
    """Return the items of a webhook's body that concern one contact, without those of others.

    Returns an empty list if the body cannot be parsed.
    """
    try:
        document = json.loads(body)
        names = mentions(psid)
        return [item for item in _items(document) if names(json.dumps(item).encode())]
    except (ValueError, RecursionError):
        return []


def _items(document: object) -> Iterator[object]:
    for webhook in _each(document):
        for entry in _each(webhook.get("entry") if isinstance(webhook, dict) else None):
            if isinstance(entry, dict) and "field" in entry:
                yield entry
            elif isinstance(entry, dict):
                for value in entry.values():
                    yield from _each(value)


def _each(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return [value] if isinstance(value, dict) else []
