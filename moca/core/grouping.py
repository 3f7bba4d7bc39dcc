from collections.abc import Iterable

from moca.core.policy import ReplyMode
from moca.core.snapshot import Inbound

Group = tuple[Inbound, ...]


def group(messages: Iterable[Inbound], mode: ReplyMode) -> tuple[Group, ...]:
    """Part a burst into what gets one reply each, in the order in which each part began."""
    messages = tuple(messages)
    if mode is ReplyMode.COMBINED:
        return (messages,) if messages else ()
    groups: dict[tuple[str, str], list[Inbound]] = {}
    for message in messages:
        groups.setdefault((message.type, message.text), []).append(message)
    return tuple(tuple(members) for members in groups.values())
