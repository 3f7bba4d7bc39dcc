from datetime import UTC, datetime, timedelta
from typing import Any

from moca.core.messages.operators import AssignConversation
from moca.storage.db.tables import Contact, Conversation, JourneyStep, Message, QueueItem

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ACCOUNT = "17841400000000001"


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def a_contact(psid: str = "700", **columns: Any) -> Contact:
    told: dict[str, Any] = {
        "account_id": ACCOUNT,
        "name": "Ada",
        "created_at": AT,
        "last_seen_at": AT,
    }
    return Contact.create(
        psid=psid, **told | {"window_opened_at": AT, "message_count": 1} | columns
    )


def a_conversation(contact: Contact | None = None, **columns: Any) -> Conversation:
    told: dict[str, Any] = {"created_at": AT, "last_activity_at": AT}
    return Conversation.create(contact=contact or a_contact(), **told | columns)


def a_question(conversation: Conversation, mid: str = "m1", **columns: Any) -> Message:
    told: dict[str, Any] = {
        "text": "When are you open?",
        "role": "user",
        "created_at": AT,
        "account_id": ACCOUNT,
    }
    return Message.create(conversation=conversation, mid=mid, **told | columns)


def a_reply(conversation: Conversation, status: str = "queued", **columns: Any) -> Message:
    told: dict[str, Any] = {
        "text": "At nine.",
        "role": "assistant",
        "author": "bot",
        "created_at": after(5),
    }
    own: dict[str, Any] = {"account_id": ACCOUNT, "status": status}
    return Message.create(conversation=conversation, **told | own | columns)


def an_item(reply: Message, status: str = "pending", **columns: Any) -> QueueItem:
    told: dict[str, Any] = {"scheduled_for": after(5), "created_at": after(5)}
    return QueueItem.create(
        message=reply, conversation=reply.conversation, status=status, **told | columns
    )


def a_step(
    message: Message, seconds: float, stage: str, outcome: str, detail: str = ""
) -> JourneyStep:
    return JourneyStep.create(
        message=message, at=after(seconds), stage=stage, outcome=outcome, detail=detail
    )


def an_answered_question(conversation: Conversation | None = None) -> tuple[Message, Message]:
    """Return a message with a complete journey, and its reply."""
    conversation = conversation or a_conversation()
    reply = a_reply(conversation, status="sent", mid="r1", sent_at=after(5.4))
    question = a_question(
        conversation, processed=True, outcome="answered", because="answered by r1", reply=reply
    )
    an_item(
        reply, "sent", attempts=1, sending_at=after(5.2), sent_at=after(5.4), echoed_at=after(6)
    )
    for seconds, stage, outcome, detail in (
        (0, "reception", "received", "signature fits; the window runs from Instagram's timestamp"),
        (0.004, "storage", "stored", ""),
        (0.01, "deduplication", "passed", "not a repeat"),
        (5.01, "debounce", "passed", "1 message in 5 s"),
        (5.05, "generation", "generated", "mock, attempt 1"),
        (5.1, "queue", "queued", "normal priority"),
        (5.4, "outcome", "answered", "answered by r1"),
    ):
        a_step(question, seconds, stage, outcome, detail)
    a_step(reply, 5.1, "queue", "queued")
    a_step(reply, 5.2, "sending", "claimed", "attempt 1")
    a_step(reply, 5.4, "sending", "sent", "Instagram named it")
    a_step(reply, 6, "delivery", "echoed", "Instagram's echo came")
    return question, reply


def assigned(
    conversation_id: int,
    operator_id: int | None,
    name: str = "",
    by: str = "API token",
    by_id: int | None = None,
) -> AssignConversation:
    """Return the command by which a user assigns a conversation."""
    return AssignConversation(conversation_id, operator_id, name, by=by, by_id=by_id, at=AT)
