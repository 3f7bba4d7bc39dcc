"""A contact who is erased during a call rests after it like any other."""

from collections.abc import Callable
from datetime import datetime, timedelta

from moca import clock
from moca.core.content.content import Content
from moca.core.messages.operator_actions import EraseContact
from moca.core.outbox.delivery import DeliveryResult
from moca.core.outbox.queued_reply import DIRECT, ReplyAddress
from moca.core.policy import ConversationPolicy
from moca.core.types import ContactKey
from tests.support.factory import ANNA
from tests.support.system import FakeInstagram, SteppedSystem


class ErasedByInstagram(FakeInstagram):
    """Erases the contact of the first call while it lasts."""

    def __init__(self, system: SteppedSystem) -> None:
        super().__init__()
        self._system = system
        self.called_at: list[datetime] = []

    def send(
        self, contact: ContactKey, content: Content, way: ReplyAddress = DIRECT
    ) -> DeliveryResult:
        self.called_at.append(clock.now())
        if len(self.called_at) == 1:
            self._system.actors.tell(EraseContact(contact, clock.now()))
            self._system.settle()
            self._system.receive("hi again", contact)
            self._system.settle()
        return super().send(contact, content, way)


def test_the_next_reply_waits_for_the_rest_after_the_call(
    open_system: Callable[..., SteppedSystem],
) -> None:
    at_once = ConversationPolicy(debounce=timedelta(0), cooldown=timedelta(0))
    system = open_system(conversation=at_once)
    instagram = system.instagram = ErasedByInstagram(system)
    system.receive("hi", ANNA)
    system.advance(30)

    first, second = instagram.called_at
    assert second - first >= timedelta(seconds=7)
