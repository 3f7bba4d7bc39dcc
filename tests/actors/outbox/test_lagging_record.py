"""Instagram's record shows late what arrived: a reply whose fate is not known is not sent twice."""

from datetime import timedelta

import pytest

from moca import clock
from moca.core.outbox.delivery import Delivered, NotArrived, Unconfirmed, Unreadable
from moca.storage.db.tables import QueueItem
from tests.support.factory import at
from tests.support.system import FakeInstagram

ANSWER = "This would be an AI generated message"


class LaggingInstagram(FakeInstagram):
    """Its record shows a message only some seconds after it arrived."""

    def __init__(self, lag_seconds: float) -> None:
        super().__init__()
        self.lag = timedelta(seconds=lag_seconds)
        self.sent_at: list[object] = []
        self.is_readable = True

    def send(self, contact, content, way):
        self.sent_at.append(clock.now())
        shown = self.find_message(contact, content, at(0), frozenset())
        assert shown in (NotArrived(), Unreadable("500")), "the record shows an unaccounted copy"
        return super().send(contact, content, way)

    def find_message(self, contact, content, since, known_mids):
        if not self.is_readable:
            return Unreadable("500")
        reached, now = self.reached, clock.now()
        self.reached = [call for call in reached if call.at + self.lag <= now]
        try:
            return super().find_message(contact, content, since, known_mids)
        finally:
            self.reached = reached


@pytest.fixture
def lagging(house):
    """The first call arrives and its answer is lost; the second is lost on its way."""

    def begin(lag_seconds: float) -> LaggingInstagram:
        instagram = house.instagram = LaggingInstagram(lag_seconds)
        instagram.lost_answers = 1
        house.hears("hi", mid="m1")
        house.passes(6)
        assert len(instagram.reached) == 1
        instagram.next_results.append(Unconfirmed("no answer in time"))
        return instagram

    return begin


def _item(house):
    return house.rows(QueueItem.select(QueueItem.status, QueueItem.attempts))


def test_the_second_call_does_not_forget_the_first(house, lagging) -> None:
    instagram = lagging(25)
    house.passes(600)
    assert [call.text for call in instagram.reached] == [ANSWER]
    assert len(instagram.sent_at) == 2
    assert house.outcome("m1")[0] == "answered"
    assert _item(house) == [("sent", 2)]


def test_the_record_is_read_once_more_directly_before_the_second_call(house, lagging) -> None:
    instagram = lagging(20.5)
    house.passes(600)
    assert [call.text for call in instagram.reached] == [ANSWER]
    assert len(instagram.sent_at) == 1
    assert house.outcome("m1")[0] == "answered"


def test_a_restart_between_the_calls_forgets_nothing(house, lagging) -> None:
    instagram = lagging(25)
    while len(instagram.sent_at) < 2:
        house.passes(1)
    house.crash()
    house.start()
    house.passes(600)
    assert [call.text for call in instagram.reached] == [ANSWER]
    assert _item(house) == [("sent", 2)]


def test_what_cannot_be_read_before_the_second_call_is_not_sent(house, lagging) -> None:
    instagram = lagging(3600)
    house.passes(18)
    while _item(house) == [("unknown", 1)]:
        house.passes(0.5)
    instagram.is_readable = False
    house.passes(600)
    assert len(instagram.sent_at) == 1
    assert _item(house) == [("unknown", 2)]


def test_what_did_not_arrive_goes_again_and_is_answered(house) -> None:
    instagram = house.instagram = LaggingInstagram(1)
    instagram.next_results += [Unconfirmed("no answer in time"), Delivered("ig-9")]
    house.hears("hi", mid="m1")
    house.passes(600)
    assert len(instagram.sent_at) == 2
    assert house.outcome("m1") == ("answered", "answered by ig-9")
