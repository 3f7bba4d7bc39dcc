"""A sweep that reads the outbox just before a call's result is recorded holds up no reply."""

from collections.abc import Callable
from datetime import timedelta

from moca import clock
from moca.core.content.content import Content
from moca.core.messages.delivery import FindPending
from moca.core.outbox.delivery import DeliveryResult, Rejected
from moca.core.outbox.queued_reply import DIRECT, ReplyAddress
from moca.core.policy import ConversationPolicy
from moca.core.types import ContactKey
from tests.support.factory import ANNA
from tests.support.system import FakeInstagram, SteppedSystem


class SweptInstagram(FakeInstagram):
    """During every call, the sender's sweep asks what is pending."""

    def __init__(self, system: SteppedSystem) -> None:
        super().__init__()
        self._system = system

    def send(
        self, contact: ContactKey, content: Content, way: ReplyAddress = DIRECT
    ) -> DeliveryResult:
        now = clock.now()
        self._system.actors.tell(FindPending(10, now, now, with_recent=False))
        return super().send(contact, content, way)


def test_the_next_reply_of_the_contact_goes_at_once_after_a_refused_one(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(conversation=ConversationPolicy(cooldown=timedelta(0)))
    instagram = system.instagram = SweptInstagram(system)
    instagram.next_results.append(Rejected("the contact cannot be reached"))
    first = system.receive("hi", ANNA)
    system.advance(6)
    assert system.outcome(first)[0] == "failed"

    second = system.receive("are you there?", ANNA)
    system.advance(7)
    assert system.outcome(second)[0] == "answered"
