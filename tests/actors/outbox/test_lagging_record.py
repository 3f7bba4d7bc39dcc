"""Instagram's record lags: an unconfirmed reply is not sent twice."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from moca import clock
from moca.core.content.content import Content
from moca.core.outbox.delivery import (
    NOTHING_KNOWN,
    Delivered,
    DeliveryResult,
    KnownMessages,
    MissingFromRecord,
    RecordUnreadable,
    Unconfirmed,
    VerificationResult,
)
from moca.core.outbox.queued_reply import DIRECT, ReplyAddress
from moca.core.types import ContactKey
from moca.storage.db.tables import QueueItem
from tests.support.factory import at
from tests.support.system import FakeInstagram, SteppedSystem

ANSWER = "This would be an AI generated message"


class LaggingInstagram(FakeInstagram):
    """Its record shows a message only some seconds after it arrived."""

    def __init__(self, lag_seconds: float) -> None:
        super().__init__()
        self.lag = timedelta(seconds=lag_seconds)
        self.sent_at: list[object] = []
        self.is_readable = True

    def send(
        self, contact: ContactKey, content: Content, way: ReplyAddress = DIRECT
    ) -> DeliveryResult:
        self.sent_at.append(clock.now())
        shown = self.find_message(contact, content, at(0), NOTHING_KNOWN)
        assert shown in (MissingFromRecord(), RecordUnreadable("500")), (
            "the record shows an unaccounted copy"
        )
        return super().send(contact, content, way)

    def find_message(
        self, contact: ContactKey, content: Content, since: datetime, known: KnownMessages
    ) -> VerificationResult:
        if not self.is_readable:
            return RecordUnreadable("500")
        reached, now = self.reached, clock.now()
        self.reached = [call for call in reached if call.at + self.lag <= now]
        try:
            return super().find_message(contact, content, since, known)
        finally:
            self.reached = reached


@pytest.fixture
def lagging(system: SteppedSystem) -> Callable[[float], LaggingInstagram]:
    """The first call arrives and its answer is lost; the second is lost on its way."""

    def begin(lag_seconds: float) -> LaggingInstagram:
        instagram = system.instagram = LaggingInstagram(lag_seconds)
        instagram.lost_answers = 1
        system.receive("hi", mid="m1")
        system.advance(6)
        assert len(instagram.reached) == 1
        instagram.next_results.append(Unconfirmed("no answer in time"))
        return instagram

    return begin


def _item(system: SteppedSystem) -> list[tuple[str, int]]:
    return system.rows(QueueItem.select(QueueItem.status, QueueItem.attempts))


def test_the_second_call_does_not_forget_the_first(
    system: SteppedSystem, lagging: Callable[[float], LaggingInstagram]
) -> None:
    instagram = lagging(25)
    system.advance(600)
    assert [call.text for call in instagram.reached] == [ANSWER]
    assert len(instagram.sent_at) == 2
    assert system.outcome("m1")[0] == "answered"
    assert _item(system) == [("sent", 2)]


def test_the_record_is_read_once_more_directly_before_the_second_call(
    system: SteppedSystem, lagging: Callable[[float], LaggingInstagram]
) -> None:
    instagram = lagging(20.5)
    system.advance(600)
    assert [call.text for call in instagram.reached] == [ANSWER]
    assert len(instagram.sent_at) == 1
    assert system.outcome("m1")[0] == "answered"


def test_a_restart_between_the_calls_forgets_nothing(
    system: SteppedSystem, lagging: Callable[[float], LaggingInstagram]
) -> None:
    instagram = lagging(25)
    while len(instagram.sent_at) < 2:
        system.advance(1)
    system.crash()
    system.start()
    system.advance(600)
    assert [call.text for call in instagram.reached] == [ANSWER]
    assert _item(system) == [("sent", 2)]


def test_what_cannot_be_read_before_the_second_call_is_not_sent(
    system: SteppedSystem, lagging: Callable[[float], LaggingInstagram]
) -> None:
    instagram = lagging(3600)
    system.advance(18)
    while _item(system) == [("unknown", 1)]:
        system.advance(0.5)
    instagram.is_readable = False
    system.advance(600)
    assert len(instagram.sent_at) == 1
    assert _item(system) == [("unknown", 2)]


def test_what_did_not_arrive_goes_again_and_is_answered(system: SteppedSystem) -> None:
    instagram = system.instagram = LaggingInstagram(1)
    instagram.next_results += [Unconfirmed("no answer in time"), Delivered("ig-9")]
    system.receive("hi", mid="m1")
    system.advance(600)
    assert len(instagram.sent_at) == 2
    assert system.outcome("m1") == ("answered", "answered by ig-9")
