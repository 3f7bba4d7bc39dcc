from dataclasses import replace

from moca.core.content.content import Content
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.messages.delivery import ClaimReply, RecordSent, ReplyClaimed
from moca.core.messages.inbound import RecordWebhook
from moca.core.messages.replies import QueueReply, ReplyQueued
from moca.core.policy import ConversationPolicy, same_for_all
from moca.core.topics import Mode, TopicMode
from moca.core.types import Author, MadeBy
from moca.storage.db.tables import Contact, Conversation, JourneyStep, Message, QueueItem
from moca.storage.writer import Writer, WriterPolicy
from tests.support.factory import ANNA, at

POLICY = WriterPolicy()
DRAFT = TopicMode(Mode.DRAFT)


def wrote(mid, text="hello", contact=ANNA, **more):
    """Return the event of a contact's message."""
    return InboundMessage(contact=contact, mid=mid, text=text, **more)


def echoed(mid, text="hello", contact=ANNA, **more):
    """Return the event of the account's own message."""
    return Echo(contact=contact, mid=mid, text=text, **more)


def webhook(*events, seconds=0, body=b"{}", receipt=None):
    """Return a webhook received this many seconds after noon."""
    return RecordWebhook(body, events, at(seconds), receipt=receipt)


class Desk:
    """A writer, with shortcuts to set up a test."""

    def __init__(self, database, policy=POLICY):
        self._database = database
        self._writer = Writer(database, policy)

    def heed(self, consent):
        """Recognize these words for opting out and in from now on."""
        policy_of = same_for_all(ConversationPolicy(consent=consent))
        self._writer = Writer(self._database, replace(POLICY, policy_of=policy_of))

    def do(self, *commands):
        """Apply commands in one transaction; return the events."""
        return self._writer.apply(commands).events

    def ends(self, *commands):
        """Apply commands in one transaction; return which messages reached their outcome."""
        return self._writer.apply(commands).ended

    def answers(self, *commands):
        """Apply commands in one transaction; return the answers of their receipts."""
        return [answer for _, answer in self._writer.apply(commands).answers]

    def receive(self, mid, text="hello", seconds=0, contact=ANNA, **more):
        """Store a contact's message; return its id."""
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

    def hold(self, *input_ids, mode=DRAFT, text="ten", seconds=5, **more):
        """Hold a reply about prices; return the events."""
        made_by = MadeBy("rules", "prices", topic="prices")
        content = Content(text=text)
        told = {"made_by": made_by, "mode": mode, **more}
        return self.do(QueueReply(1, input_ids, content, at(seconds), **told))

    def claim(self, reply, seconds=6):
        """Store `sending`; return the claimed reply."""
        (event,) = self.do(ClaimReply(reply, at(seconds)))
        assert isinstance(event, ReplyClaimed), event
        return event.reply

    def send(self, reply, mid="r1", seconds=7):
        """Claim a reply and store that it arrived."""
        self.claim(reply, seconds - 1)
        return self.do(RecordSent(reply.item_id, mid, at(seconds), "the call's answer"))


def message(message_id):
    """Return a message's state: status, processed, outcome and why."""
    row = Message.get_by_id(message_id)
    return row.status, row.processed, row.outcome, row.because


def item(item_id):
    """Return a queue item's state: status, attempts, why."""
    row = QueueItem.get_by_id(item_id)
    return row.status, row.attempts, row.because


def steps(message_id):
    """Return the journey of a message, without instants and details."""
    query = JourneyStep.select().where(JourneyStep.message == message_id).order_by(JourneyStep.id)
    return [f"{step.stage}/{step.outcome}" for step in query]


def details(message_id):
    """Return the details of a message's journey."""
    query = JourneyStep.select().where(JourneyStep.message == message_id).order_by(JourneyStep.id)
    return [step.detail for step in query]


def conversation(conversation_id=1):
    """Return who may answer in a conversation, and until when that holds."""
    row = Conversation.get_by_id(conversation_id)
    return row.status, row.held_until


def contact(key=ANNA):
    """Return a contact's row."""
    return Contact.get((Contact.psid == key.psid) & (Contact.account_id == key.account_id))
