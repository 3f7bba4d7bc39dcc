"""A sender that crashes still knows its couriers' calls, and the order of the waiting replies."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from actors.account_health import AccountHealth
from actors.runtime.dispatchers import SteppingDispatcher
from actors.runtime.timers import ManualTimers
from actors.sender import SenderActor
from actors.signals import SweepDue
from moca.core.messages.accounts import AccountChanged
from moca.core.messages.delivery import (
    ClaimReply,
    DeliverReply,
    DeliveryEnded,
    DeliveryStarted,
    KnownMessagesListed,
    ListKnownMessages,
    PendingFound,
    RecordRetry,
    RecordSent,
    RecordUnknown,
    ReplyClaimed,
    UnsettledReply,
)
from moca.core.messages.replies import ReplyQueued
from moca.core.outbox.account_rests import AccountRests
from moca.core.outbox.delivery import (
    NOTHING_KNOWN,
    AccountStopped,
    Delivered,
    DeliveryResult,
    Throttled,
    Unconfirmed,
)
from moca.core.policy import SenderPolicy
from tests.support.factory import ANNA, BEN, at, reply_to

FIRST, SECOND = reply_to(ANNA, 1), reply_to(BEN, 2)


class CrashingSender:
    """A sender alone, with lists as neighbours; a requested read makes it crash."""

    def __init__(self, policy: SenderPolicy) -> None:
        self.recorded: list[object] = []
        self.called: list[object] = []
        self._stage = SteppingDispatcher(fail_fast=False)
        self._sender = SenderActor.start_on(
            self._stage,
            policy=policy,
            record=self.recorded.append,
            call=self._call,
            timers=ManualTimers(),
            rests=AccountRests(),
            draw=lambda: 0.0,
        )
        self.receive(SweepDue(), PendingFound((), (), ()))

    def receive(self, *messages: object) -> None:
        for message in messages:
            self._sender.tell(message)
        while self._stage.step():
            pass

    def crashes(self) -> None:
        self.receive(KnownMessagesListed(FIRST, at(0), NOTHING_KNOWN))

    def claimed(self) -> list[int]:
        return [each.reply.item_id for each in self.recorded if isinstance(each, ClaimReply)]

    def stop(self) -> None:
        self._sender.stop(block=False)
        while self._stage.step():
            pass

    def _call(self, call: object) -> None:
        if not isinstance(call, DeliverReply):
            raise ZeroDivisionError
        self.called.append(call)


@pytest.fixture
def open_desk(frozen: FrozenDateTimeFactory) -> Iterator[Callable[..., CrashingSender]]:
    desks = []

    def open_one(**policy: Any) -> CrashingSender:
        desks.append(CrashingSender(SenderPolicy(**policy)))
        return desks[-1]

    yield open_one
    for desk in desks:
        desk.stop()


def ended(result: DeliveryResult, when: datetime) -> DeliveryEnded:
    return DeliveryEnded(FIRST.item_id, when, result, FIRST.contact.account_id)


def left_under_way(desk: CrashingSender) -> None:
    """Crash the sender while its only courier is busy with the first reply."""
    desk.receive(ReplyQueued(ANNA, FIRST, ()), ReplyClaimed(FIRST, at(0)))
    assert desk.called == [DeliverReply(FIRST)]
    desk.crashes()
    unconfirmed = UnsettledReply(FIRST, at(0), attempt_ended=False)
    desk.receive(PendingFound((SECOND,), (unconfirmed,), ()))


def test_a_reply_is_not_claimed_while_the_only_courier_is_busy(
    open_desk: Callable[..., CrashingSender],
) -> None:
    desk = open_desk(couriers=1)
    left_under_way(desk)
    assert desk.claimed() == [1]


def test_it_is_claimed_once_the_courier_is_free(open_desk: Callable[..., CrashingSender]) -> None:
    desk = open_desk(couriers=1)
    left_under_way(desk)
    desk.receive(ended(Delivered("ig-1"), at(0)))
    assert desk.claimed() == [1, 2]


def test_a_call_that_has_not_begun_keeps_its_place_in_the_pace(
    open_desk: Callable[..., CrashingSender], frozen: FrozenDateTimeFactory
) -> None:
    desk = open_desk(per_second=1)
    left_under_way(desk)
    frozen.move_to(at(3))
    desk.receive(SweepDue(), PendingFound((SECOND,), (), ()))
    assert desk.claimed() == [1]

    desk.receive(DeliveryStarted(FIRST.item_id, at(3)))
    frozen.move_to(at(4.1))
    desk.receive(SweepDue())
    assert desk.claimed() == [1, 2]


def test_a_courier_is_not_forgotten_when_its_report_makes_the_sender_crash(
    open_desk: Callable[..., CrashingSender], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk(couriers=1)
    desk.receive(ReplyQueued(ANNA, FIRST, ()), ReplyClaimed(FIRST, at(0)))
    with monkeypatch.context() as sabotage:
        sabotage.setattr("actors.sender.after_call", None)
        desk.receive(ended(Delivered("ig-1"), at(0)))
    desk.receive(PendingFound((SECOND,), (), ()))
    assert desk.claimed() == [1, 2]


def test_a_call_that_outlasts_a_crash_is_in_doubt_only_once_it_ends(
    open_desk: Callable[..., CrashingSender], frozen: FrozenDateTimeFactory
) -> None:
    desk = open_desk()
    left_under_way(desk)
    frozen.move_to(at(60))
    desk.receive(SweepDue())
    unconfirmed_sends = (RecordUnknown, ListKnownMessages)
    assert not [each for each in desk.recorded if isinstance(each, unconfirmed_sends)]
    desk.receive(ended(Unconfirmed("timeout"), at(60)))
    assert desk.recorded[-1] == RecordUnknown(1, "timeout", at(60))


def test_a_call_that_outlasts_a_crash_is_told_as_it_ends(
    open_desk: Callable[..., CrashingSender],
) -> None:
    desk = open_desk()
    left_under_way(desk)
    desk.receive(ended(Delivered("ig-1"), at(0)))
    told = [each for each in desk.recorded if isinstance(each, RecordSent | RecordUnknown)]
    assert told == [RecordSent(1, "ig-1", at(0), "confirmed by Instagram")]


def test_an_account_that_was_fixed_during_a_crash_is_tried_at_once(
    open_desk: Callable[..., CrashingSender], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = open_desk()
    desk.receive(ReplyQueued(ANNA, FIRST, ()), ReplyClaimed(FIRST, at(0)))
    desk.receive(ended(AccountStopped("the token is dead", is_token_dead=True), at(0)))
    with monkeypatch.context() as sabotage:
        sabotage.setattr(AccountHealth, "note_change", None)
        desk.receive(AccountChanged(ANNA.account_id, is_usable=True))

    desk.receive(PendingFound((SECOND,), (), ()))

    assert desk.claimed() == [1, 2]


@pytest.mark.parametrize("is_lost_by_the_crash", [True, False])
def test_an_account_rests_as_instagram_asked_although_the_sender_crashes(
    open_desk: Callable[..., CrashingSender],
    frozen: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    is_lost_by_the_crash: bool,
) -> None:
    desk = open_desk()
    desk.receive(ReplyQueued(ANNA, FIRST, ()), ReplyClaimed(FIRST, at(0)))
    too_many = ended(Throttled("too many calls", timedelta(seconds=30)), at(0))
    with monkeypatch.context() as sabotage:
        if is_lost_by_the_crash:
            sabotage.setattr("actors.sender.after_call", None)
        else:
            desk.crashes()
        desk.receive(too_many)

    desk.receive(PendingFound((SECOND,), (), ()))
    assert desk.claimed() == [1]
    frozen.move_to(at(30))
    desk.receive(SweepDue(), PendingFound((SECOND,), (), ()))
    assert desk.claimed() == [1, 2]


def test_what_was_asked_before_a_crash_tells_nothing_of_the_past(
    open_desk: Callable[..., CrashingSender],
) -> None:
    desk = open_desk()
    desk.crashes()
    desk.receive(PendingFound((SECOND,), (), None))
    assert desk.claimed() == []
    desk.receive(PendingFound((SECOND,), (), ()))
    assert desk.claimed() == [SECOND.item_id]


def test_what_is_queued_meanwhile_does_not_overtake_what_waits_on_disk(
    open_desk: Callable[..., CrashingSender],
) -> None:
    desk = open_desk(capacity=1)
    desk.crashes()
    desk.receive(ReplyQueued(BEN, SECOND, ()))
    desk.receive(PendingFound((FIRST,), (), ()))
    assert desk.claimed() == [1]


def test_a_claim_that_is_answered_too_late_is_given_back_and_asked_anew(
    open_desk: Callable[..., CrashingSender], frozen: FrozenDateTimeFactory
) -> None:
    desk = open_desk()
    desk.receive(ReplyQueued(ANNA, FIRST, ()))
    frozen.move_to(at(11))
    desk.receive(ReplyClaimed(replace(FIRST, attempts=1), at(0)))

    because = "the database was too slow; the reply was not sent"
    given_back = RecordRetry(1, because, at(11), at(11), is_spent=False, was_called=False)
    assert desk.recorded[-2:] == [given_back, ClaimReply(FIRST, at(11))]
    assert desk.called == []
