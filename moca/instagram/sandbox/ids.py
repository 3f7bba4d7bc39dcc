import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta

from moca.core.types import ContactKey

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ITEM_DIGITS = 35
_THREAD_DIGITS = 39


def message_id(contact: ContactKey, at: datetime, count: int) -> str:
    """Make a message's id, about as long and as opaque as Instagram's.

    It contains the instant, so that a restarted stand-in repeats none.
    """
    instant = (at - _EPOCH) // _MICROSECOND
    item = f"{instant:017}{count:018}"[-_ITEM_DIGITS:]
    thread = f"{contact.account_id}:{_thread_number(contact)}"
    return _opaque(f"ig_dm_item:1:IGMessageID:{thread}:{item}")


def conversation_id(contact: ContactKey) -> str:
    """Return a conversation's id, always the same for the same contact."""
    return _opaque(f"ig_dm:1:IGMessageThread:{contact.account_id}:{_thread_number(contact)}")


def _thread_number(contact: ContactKey) -> str:
    digest = hashlib.sha256("\n".join(contact).encode()).digest()
    return str(int.from_bytes(digest[:16], "big")).zfill(_THREAD_DIGITS)


def _opaque(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def conversation_of(mid: str) -> str | None:
    """Return the conversation of a message's id; None if the id is not the stand-in's."""
    try:
        *_, account, thread, _item = (
            urlsafe_b64decode(mid + "=" * (-len(mid) % 4)).decode().split(":")
        )
    except ValueError:
        return None
    return _opaque(f"ig_dm:1:IGMessageThread:{account}:{thread}")
