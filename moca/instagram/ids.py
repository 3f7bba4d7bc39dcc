import hashlib
import json

_MAX_ID_BYTES = 255
_MAX_MID_LENGTH = 512


def read_id(value: object) -> str | None:
    """Read the id of an account or a contact, always as text, exact even if Meta sent a number.

    None for an invalid id: not text or a whole number, empty, too long, unprintable.
    """
    text = _as_text(value)
    if not text or not text.isprintable():
        return None
    # Bytes, because databases limit the indexed size of account and message together.
    return text if len(text.encode()) <= _MAX_ID_BYTES else None


def read_mid(value: object) -> str | None:
    """Read a message's id; one that cannot be stored as it is becomes its own hash.

    Used for webhooks and for the Graph API's answers, so that one message has one id.
    """
    text = _as_text(value)
    if not text:
        return None
    fits = len(text) <= _MAX_MID_LENGTH and text.isprintable()
    return text if fits else _hash(text.encode("utf-8", "surrogatepass"))


def derive_mid(item: object) -> str:
    """Derive an id for a message that came without one: the same for the same item."""
    return _hash(json.dumps(item, sort_keys=True).encode())


def _as_text(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def _hash(content: bytes) -> str:
    return "hash:" + hashlib.sha256(content).hexdigest()
