from dataclasses import replace
from datetime import timedelta

from moca.core.content.content import Content
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.messages.delivery import ClaimReply, RecordSent, ReplyClaimed
from moca.core.messages.inbound import RecordWebhook
from moca.core.messages.replies import QueueReply, ReplyQueued
from moca.core.types import Author
from moca.storage.db.tables import Contact, Conversation, JourneyStep, Message, QueueItem
from moca.storage.writer import Writer, WriterPolicy
from tests.support.factory import ANNA, at

POLICY = WriterPolicy(
    cooldown=timedelta(seconds=30), dedup=timedelta(seconds=10), takeover=timedelta(hours=12)
)


def wrote(mid, text="hello", contact=ANNA, **more):
    """What a webhook tells of a contact's message."""
    return InboundMessage(contact=contact, mid=mid, text=text, **more)


def echoed(mid, text="hello", contact=ANNA, **more):
    """What a webhook tells of the account's own message."""
    return Echo(contact=contact, mid=mid, text=text, **more)


def webhook(*events, seconds=0, body=b"{}", receipt=None):
    """A webhook received so many seconds after noon."""
    return RecordWebhook(body, events, at(seconds), receipt)


class Desk:
    """A writer, and short ways to do with it what happens before a test begins."""

    def __init__(self, database, policy=POLICY):
        self._database = database
        self._writer = Writer(database, policy)

    def heed(self, consent):
        """Let these words opt out and in from now on."""
        self._writer = Writer(self._database, replace(POLICY, consent=consent))

    def do(self, *commands):
        """Apply commands in one transaction; tell the events."""
        return self._writer.apply(commands).events

    def ends(self, *commands):
        """Apply commands in one transaction; tell which messages came to their outcome."""
        return self._writer.apply(commands).ended

    def answers(self, *commands):
        """Apply commands in one transaction; tell what their receipts are answered."""
        return [answer for _, answer in self._writer.apply(commands).answers]

    def hear(self, mid, text="hello", seconds=0, contact=ANNA, **more):
        """Store a contact's message; its id."""
        self.do(webhook(wrote(mid, text, contact, **more), seconds=seconds))
        return Message.get(Message.mid == mid).id

    def queue(
        self,
        *input_ids,
        text="hi",
        seconds=5,
        author=Author.BOT,
        conversation_id=1,
        reaction=None,
        content=None,
        **more,
    ):
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

    def claim(self, reply, seconds=6):
        """Write `sending`; the reply as claimed."""
        (event,) = self.do(ClaimReply(reply, at(seconds)))
        assert isinstance(event, ReplyClaimed), event
        return event.reply

    def send(self, reply, mid="r1", seconds=7):
        """Claim a reply and write that it arrived."""
        self.claim(reply, seconds - 1)
        return self.do(RecordSent(reply.item_id, mid, at(seconds), "the call's answer"))


def message(message_id):
    """Where a message stands: status, processed, outcome and why."""
    row = Message.get_by_id(message_id)
    return row.status, row.processed, row.outcome, row.because


def item(item_id):
    """Where a queue item stands: status, attempts, why."""
    row = QueueItem.get_by_id(item_id)
    return row.status, row.attempts, row.because


def steps(message_id):
    """The journey of a message, without instants and details."""
    query = JourneyStep.select().where(JourneyStep.message == message_id).order_by(JourneyStep.id)
    return [f"{step.stage}/{step.outcome}" for step in query]


def details(message_id):
    """The details of a message's journey."""
    query = JourneyStep.select().where(JourneyStep.message == message_id).order_by(JourneyStep.id)
    return [step.detail for step in query]


def conversation(conversation_id=1):
    """Who may answer in a conversation, and until when that holds."""
    row = Conversation.get_by_id(conversation_id)
    return row.status, row.held_until


def contact(key=ANNA):
    """A contact's row."""
    return Contact.get((Contact.psid == key.psid) & (Contact.account_id == key.account_id))
