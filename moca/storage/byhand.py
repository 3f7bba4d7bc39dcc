from datetime import datetime

from moca.core.messages import ConversationChanged
from moca.core.notice import NoticeKind
from moca.core.vocabulary import Author, ConversationStatus, MessageStatus, Role, Stage
from moca.core.webhook import Echo
from moca.storage.batch import Batch
from moca.storage.bulk import Insertion
from moca.storage.cancelling import silence_bot
from moca.storage.models import Message
from moca.storage.noticing import give_notice
from moca.storage.persons import leave_to_person
from moca.storage.received import written_received
from moca.storage.storable import short, storable
from moca.storage.talks import Talk, Talks

_INSERT = Insertion(
    Message,
    Message.conversation,
    Message.webhook,
    Message.account_id,
    Message.kind,
    Message.mid,
    Message.role,
    Message.author,
    Message.type,
    Message.text,
    Message.content,
    Message.created_at,
    Message.sent_at,
    Message.status,
    Message.processed,
    Message.because,
    Message.redeliveries,
)

_BECAUSE = "a person answered in the Instagram app"


def store_by_hand(batch: Batch, echo: Echo, webhook_id: int | None, received_at: datetime) -> int:
    """Store what a person wrote in the Instagram app, and leave the conversation to that person."""
    talks = Talks([echo.contact])
    talk = talks.of(echo.contact)
    talk.end_hold(received_at)
    was_open = talk.status == ConversationStatus.OPEN
    _hand_over(talk, received_at, received_at + batch.policy.takeover)
    talks.write()
    conversation_id = talk.conversation_id
    (message_id,) = _INSERT.returning_ids([_row(echo, webhook_id, received_at, conversation_id)])
    batch.note(message_id, received_at, Stage.RECEPTION, "echoed", "written in the Instagram app")
    silence_bot(batch, conversation_id, _BECAUSE, received_at)
    leave_to_person(conversation_id, talk.held_until or received_at)
    status = ConversationStatus(talk.status)
    batch.tell(ConversationChanged(echo.contact, conversation_id, status, talk.held_until))
    if was_open:
        give_notice(
            batch,
            NoticeKind.TAKEN_OVER,
            _BECAUSE,
            received_at,
            account_id=echo.contact.account_id,
            conversation_id=conversation_id,
        )
    return message_id


def _hand_over(talk: Talk, at: datetime, until: datetime) -> None:
    talk.go_on(at)
    is_held_for_good = talk.status != ConversationStatus.OPEN and talk.held_until is None
    if is_held_for_good or talk.status == ConversationStatus.STANDBY:
        return
    talk.status = ConversationStatus.HUMAN
    talk.held_until = max(until, talk.held_until or until)


def _row(
    echo: Echo, webhook_id: int | None, received_at: datetime, conversation_id: int
) -> tuple[object, ...]:
    return (
        conversation_id,
        webhook_id,
        echo.contact.account_id,
        "message",
        echo.mid,
        Role.ASSISTANT,
        Author.HUMAN,
        short(echo.type),
        storable(echo.text),
        written_received(echo.received),
        received_at,
        echo.sent_at or received_at,
        MessageStatus.SENT,
        False,
        "",
        0,
    )
