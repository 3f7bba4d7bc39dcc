from moca.core.content.content import Content
from moca.core.conversation.decide import Event, TimerFired, decide
from moca.core.conversation.effects import Effect
from moca.core.conversation.snapshot import Inbound
from moca.core.conversation.state import Conversation
from moca.core.messages.delivery import ReplySent
from moca.core.messages.inbound import MessageArrived
from moca.core.messages.replies import RecordSteps, ReplyGenerated, ReplyQueued
from moca.core.policy import ConversationPolicy
from tests.support.factory import ANNA, at, reply_to

POLICY = ConversationPolicy()
FRESH = Conversation(contact=ANNA, conversation_id=1, active_at=at(0))


class Talk:
    """A conversation with events at seconds after noon; collects its effects."""

    def __init__(self, state: Conversation = FRESH, policy: ConversationPolicy = POLICY) -> None:
        self.state = state
        self.policy = policy
        self.effects: tuple[Effect, ...] = ()

    def happens(self, seconds: float, event: Event) -> "Talk":
        self.state, effects = decide(self.state, event, at(seconds), self.policy)
        self.effects = tuple(each for each in effects if not isinstance(each, RecordSteps))
        return self

    def receive(self, *messages: Inbound) -> "Talk":
        for message in messages:
            self.happens(_seconds(message), MessageArrived(ANNA, 1, message))
        return self

    def answers(self, message: Inbound, seconds: float, item_id: int = 1) -> "Talk":
        """Store, queue and send a flush's one draft at that moment."""
        self.happens(seconds, TimerFired())
        self.happens(seconds, ReplyGenerated(ANNA, (message.id,), 1, Content(text="hello")))
        self.happens(seconds, ReplyQueued(ANNA, reply_to(item_id=item_id), (message.id,)))
        return self.happens(seconds, ReplySent(ANNA, item_id, at(seconds)))


def _seconds(message: Inbound) -> float:
    return (message.received_at - at(0)).total_seconds()
