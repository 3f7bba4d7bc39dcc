from collections.abc import Hashable, Iterable

from moca.core.policy import ReplyMode
from moca.core.snapshot import Inbound
from moca.core.vocabulary import COMMENT_KINDS

Group = tuple[Inbound, ...]


def group(messages: Iterable[Inbound], mode: ReplyMode) -> tuple[Group, ...]:
    """Part a burst into what gets one reply each, in the order in which each part began."""
    groups: dict[Hashable, list[Inbound]] = {}
    for message in messages:
        groups.setdefault(_key(message, mode), []).append(message)
    return tuple(tuple(members) for members in groups.values())


def _key(message: Inbound, mode: ReplyMode) -> Hashable:
    if message.kind in COMMENT_KINDS:
        # Each comment is answered by itself, for a private reply goes to one comment.
        return message.id
    return None if mode is ReplyMode.COMBINED else (message.type, message.text)
