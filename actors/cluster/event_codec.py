import json
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from moca.core.messages.accounts import AccountChanged
from moca.core.messages.cluster import ContactChanged
from moca.core.messages.delivery import ReplyDropped, ReplyFailed, ReplySent, ReplyUnknown
from moca.core.messages.inbound import MessageArrived, MessageEdited, MessageErased
from moca.core.messages.operator_actions import ContactErased, ConversationChanged, FreezeChanged
from moca.core.messages.replies import ReplyQueued, ReplyRefused, ReplyShared

TOLD_TO_OWNERS = (
    ReplyQueued,
    ReplyRefused,
    ReplyShared,
    ReplySent,
    ReplyFailed,
    ReplyUnknown,
    ReplyDropped,
    ConversationChanged,
    ContactErased,
    ContactChanged,
)
"""What a contact's owner is told of, wherever it was written."""
TOLD_IN_SHORT = (MessageArrived, MessageEdited, MessageErased)
"""The same, but only that there is something: the rows tell what."""
TOLD_TO_SENDER = (ReplyQueued, ReplySent, ReplyDropped, AccountChanged, FreezeChanged)

_KINDS: dict[str, Any] = {each.__name__: each for each in {*TOLD_TO_OWNERS, *TOLD_TO_SENDER}}


@cache
def _shape(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(_KINDS[name])


def written_event(event: Any) -> bytes:
    """Write an event for another node."""
    name = type(event).__name__
    told = _shape(name).dump_python(event, mode="json")
    return json.dumps({"name": name, "event": told}).encode()


def read_event(body: bytes) -> Any | None:
    """Read what `written_event` wrote; None where another version wrote something unknown."""
    try:
        told = json.loads(body)
        return _shape(told["name"]).validate_python(told["event"])
    except (ValueError, KeyError, TypeError, ValidationError):
        return None
