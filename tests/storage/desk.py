from dataclasses import replace
from datetime import datetime
from typing import Any

import peewee

from moca.core.content.content import Content, Reaction
from moca.core.conversation.consent import Consent
from moca.core.inbound.events import Echo, Event, InboundMessage
from moca.core.messages.command import Command, Receipt
from moca.core.messages.delivery import ClaimReply, RecordSent, ReplyClaimed
from moca.core.messages.inbound import RecordWebhook
from moca.core.messages.replies import MessagesEnded, QueueReply, ReplyQueued
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.policy import ConversationPolicy, same_for_all
from moca.core.topics import Mode, TopicMode
from moca.core.types import Author, ContactKey, MadeBy
from moca.storage.db.tables import Contact, Conversation, JourneyStep, Message, QueueItem
from moca.storage.writer import Writer, WriterPolicy
from tests.support.factory import ANNA, at

POLICY = WriterPolicy()
DRAFT = TopicMode(Mode.DRAFT)


def wrote(mid: str, text: str = "hello", contact: ContactKey = ANNA, **more: Any) -> InboundMessage:
    """Return the event of a contact's message."""
    return InboundMessage(contact=contact, mid=mid, text=text, **more)


def echoed(mid: str, text: str = "hello", contact: ContactKey = ANNA, **more: Any) -> Echo:
    """Return the event of the account's own message."""
    return Echo(contact=contact, mid=mid, text=text, **more)


def webhook(
    *events: Event, seconds: float = 0, body: bytes = b"{}", receipt: Receipt | None = None
) -> RecordWebhook:
    """Return a webhook received this many seconds after noon."""
    return RecordWebhook(body, events, at(seconds), receipt=receipt)


class Desk:
    """A writer, with shortcuts to set up a test."""

    def __init__(self, database: peewee.Database, policy: WriterPolicy = POLICY) -> None:
        self._database = database
        self._writer = Writer(database, policy)

    def heed(self, consent: Consent) -> None:
        """Recognize these words for opting out and in from now on."""
        policy_of = same_for_all(ConversationPolicy(consent=consent))
        self._writer = Writer(self._database, replace(POLICY, policy_of=policy_of))

    def do(self, *commands: Command) -> tuple[object, ...]:
        """Apply commands in one transaction; return the events."""
        return self._writer.apply(commands).events

    def ends(self, *commands: Command) -> tuple[MessagesEnded, ...]:
        """Apply commands in one transaction; return which messages reached their outcome."""
        return self._writer.apply(commands).ended

    def answers(self, *commands: Command) -> list[object]:
        """Apply commands in one transaction; return the answers of their receipts."""
        return [answer for _, answer in self._writer.apply(commands).answers]

    def receive(
        self,
        mid: str,
        text: str = "hello",
        seconds: float = 0,
        contact: ContactKey = ANNA,
        **more: Any,
    ) -> int:
        """Store a contact's message; return its id."""
        self.do(webhook(wrote(mid, text, contact, **more), seconds=seconds))
        return id_by_mid(mid)

    def queue(
        self,
        *input_ids: int,
        text: str = "hi",
        seconds: float = 5,
        author: Author = Author.BOT,
        conversation_id: int = 1,
        reaction: Reaction | None = None,
        content: Content | None = None,
        **more: Any,
    ) -> QueuedReply:
        """Queue a reply."""
        command = QueueReply(
            conversation_id,
            input_ids,
            content=content or Content(text="" if reaction else text, reaction=reaction),
            at=at(seconds),
            author=author,
            **more,
        )
        (event,) = self.do(command)
        assert isinstance(event, ReplyQueued), event
        return event.reply

    def hold(
        self,
        *input_ids: int,
        mode: TopicMode = DRAFT,
        text: str = "ten",
        seconds: float = 5,
        **more: Any,
    ) -> tuple[object, ...]:
        """Hold a reply about prices; return the events."""
        made_by = MadeBy("rules", "prices", topic="prices")
        content = Content(text=text)
        told: dict[str, Any] = {"made_by": made_by, "mode": mode, **more}
        return self.do(QueueReply(1, input_ids, content, at(seconds), **told))

    def claim(self, reply: QueuedReply, seconds: float = 6) -> QueuedReply:
        """Store `sending`; return the claimed reply."""
        (event,) = self.do(ClaimReply(reply, at(seconds)))
        assert isinstance(event, ReplyClaimed), event
        return event.reply

    def send(self, reply: QueuedReply, mid: str = "r1", seconds: float = 7) -> tuple[object, ...]:
        """Claim a reply and store that it arrived."""
        self.claim(reply, seconds - 1)
        return self.do(RecordSent(reply.item_id, mid, at(seconds), "the call's answer"))


def id_by_mid(mid: str) -> int:
    """Return the id of a message with this mid."""
    message: Message = Message.get(Message.mid == mid)
    id_: int = message.id
    return id_


def message(message_id: int) -> tuple[str, bool, str | None, str]:
    """Return a message's state: status, processed, outcome and why."""
    row = Message.get_by_id(message_id)
    return row.status, row.processed, row.outcome, row.because


def item(item_id: int) -> tuple[str, int, str]:
    """Return a queue item's state: status, attempts, why."""
    row = QueueItem.get_by_id(item_id)
    return row.status, row.attempts, row.because


def steps(message_id: int) -> list[str]:
    """Return the journey of a message, without instants and details."""
    query = JourneyStep.select().where(JourneyStep.message == message_id).order_by(JourneyStep.id)
    return [f"{step.stage}/{step.outcome}" for step in query]


def details(message_id: int) -> list[str]:
    """Return the details of a message's journey."""
    query = JourneyStep.select().where(JourneyStep.message == message_id).order_by(JourneyStep.id)
    return [step.detail for step in query]


def conversation(conversation_id: int = 1) -> tuple[str, datetime | None]:
    """Return who may answer in a conversation, and until when that holds."""
    row = Conversation.get_by_id(conversation_id)
    return row.status, row.held_until


def contact(key: ContactKey = ANNA) -> Contact:
    """Return a contact's row."""
    return Contact.get((Contact.psid == key.psid) & (Contact.account_id == key.account_id))
