from collections.abc import Iterable, Iterator, Sequence

from moca.core.messages import (
    ClaimReply,
    Command,
    LoadConversation,
    QueueReply,
    RecordSent,
    RecordSteps,
    RecordWebhook,
)

_TOGETHER: Sequence[type] = (
    RecordWebhook,
    RecordSteps,
    QueueReply,
    RecordSent,
    ClaimReply,
    LoadConversation,
)
"""Nobody who tells two of these asks for another order than this one: a message's steps come before
its reply, a part is sent before the next is claimed, and what is loaded shows all that was told."""
_PLACES = {kind: place for place, kind in enumerate(_TOGETHER)}


def gathered(commands: Iterable[Command]) -> Iterator[Command]:
    """Bring together those of one type that stand apart by what makes no difference to them."""
    for stretch in _stretches(commands):
        yield from sorted(stretch, key=lambda each: _PLACES.get(type(each), 0))


def _stretches(commands: Iterable[Command]) -> Iterator[list[Command]]:
    stretch: list[Command] = []
    claimed: set[int] = set()
    for command in commands:
        # A claim that is told again must not find that it was sent in the meantime.
        is_bound = isinstance(command, RecordSent) and command.item_id in claimed
        if type(command) not in _PLACES or is_bound:
            yield stretch
            stretch, claimed = [], set()
        if type(command) not in _PLACES:
            yield [command]
            continue
        stretch.append(command)
        if isinstance(command, ClaimReply):
            claimed.add(command.reply.item_id)
    yield stretch
