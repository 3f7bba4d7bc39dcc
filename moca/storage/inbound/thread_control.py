from collections.abc import Collection
from datetime import datetime

from moca.core.conversation.hold import held_because
from moca.core.inbound.events import ThreadControl
from moca.core.messages.operator_actions import ConversationChanged
from moca.core.types import ConversationStatus, Stage
from moca.storage.messages.contact_conversations import (
    Talk,
    Talks,
    Turn,
    hear_person,
    leave_to_person,
)
from moca.storage.outbox.cancel import silence_bot
from moca.storage.unit_of_work import Batch

_RESUMED_BECAUSE = {
    Turn.RAN_OUT: "the hold ran out",
    Turn.CAME_BACK: "the thread is ours again",
}


def hand_over(batch: Batch, control: ThreadControl, at: datetime) -> None:
    """Leave a thread to the app that took it, or take it back; a person's hold runs on under it."""
    talks = Talks([control.contact])
    talk = talks.of(control.contact)
    if control.is_ours:
        is_back = talk.status == ConversationStatus.STANDBY
        if is_back:
            talk.take_back(at)
        turn = Turn.CAME_BACK if is_back else None
    else:
        talk.go_on(at)
        turn = talk.stand_by(at)
    if talk.conversation_id or not control.is_ours:
        talks.write()
    if turn is not None:
        write_turn(batch, talk, turn, at)


def write_turn(
    batch: Batch,
    talk: Talk,
    turn: Turn,
    at: datetime,
    message_id: int | None = None,
    *,
    sparing: Collection[int] = (),
) -> None:
    """Write and tell what follows from a change of who may answer.

    Where that is not the bot, what waits is ended, but for the messages to spare.
    """
    if message_id is not None and talk.status == ConversationStatus.OPEN:
        batch.note(message_id, at, Stage.STATE, "resumed", _RESUMED_BECAUSE[turn])
    if turn is Turn.RAN_OUT:
        return
    status = ConversationStatus(talk.status)
    if turn is Turn.CAME_BACK:
        leave_to_person(talk.conversation_id, talk.held_until or at)
    else:
        hear_person(talk.conversation_id, at)
    if status is not ConversationStatus.OPEN:
        silence_bot(batch, talk.conversation_id, held_because(status), at, sparing=sparing)
    batch.tell(ConversationChanged(talk.contact, talk.conversation_id, status, talk.held_until))
