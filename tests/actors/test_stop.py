"""An orderly stop leaves no uncalled reply `sending`, and ends whatever still hangs."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from actors import singletons
from actors import system as system_module
from actors.bots.bot import same_bot_for_all
from actors.dependencies import Dependencies
from actors.runtime.dispatchers import Dispatchers, SteppingDispatcher
from actors.runtime.timers import ManualTimers, TimerThread
from actors.sender import SenderActor
from actors.signals import Drain, RecheckOutbox, SweepDue
from actors.supervisor import SupervisorActor
from actors.system import System
from moca import clock
from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from moca.core.messages.delivery import (
    ClaimReply,
    DeliveryStarted,
    PendingFound,
    RecordRetry,
    ReplyClaimed,
)
from moca.core.messages.inbound import RecordWebhook
from moca.core.messages.replies import ReplyQueued
from moca.core.outbox.delivery import Delivered
from moca.core.outbox.queued_reply import DIRECT, ReplyAddress
from moca.core.policy import ConversationPolicy, SenderPolicy
from moca.core.types import ContactKey
from moca.replies.fixed import MockGenerator
from moca.storage.db.tables import QueueItem
from moca.storage.writer import Writer
from tests.storage.desk import POLICY
from tests.support.databases import open_migrated
from tests.support.factory import ANNA, at, reply_to
from tests.support.system import FakeInstagram, SteppedSystem

PATIENCE_SECONDS = 30
REPLY = reply_to(ANNA, 1)


class LoneSender:
    """A sender alone, with lists as neighbours."""

    def __init__(self) -> None:
        self.recorded: list[object] = []
        self.called: list[object] = []
        self.timers = ManualTimers()
        self._stage = SteppingDispatcher(fail_fast=False)
        self._ref = SenderActor.start_on(
            self._stage,
            policy=SenderPolicy(),
            record=self.recorded.append,
            call=self.called.append,
            timers=self.timers,
            draw=lambda: 0.0,
        )
        self.receive_events(SweepDue(), PendingFound((), (), ()))
        self.recorded.clear()

    def receive_events(self, *messages: object) -> None:
        for message in messages:
            self._ref.tell(message)
        while self._stage.step():
            pass

    def stop(self) -> None:
        self._ref.stop(block=False)
        while self._stage.step():
            pass


@pytest.fixture
def sender(frozen: FrozenDateTimeFactory) -> Iterator[LoneSender]:
    sender = LoneSender()
    yield sender
    sender.stop()


def given_back(sender: LoneSender) -> list[int]:
    return [each.item_id for each in sender.recorded if isinstance(each, RecordRetry)]


def test_a_claim_that_is_still_being_written_is_given_back_at_once(sender: LoneSender) -> None:
    sender.receive_events(ReplyQueued(ANNA, REPLY, ()))
    assert sender.recorded == [ClaimReply(REPLY, at(0))]

    sender.receive_events(Drain())
    assert given_back(sender) == [1]
    sender.receive_events(ReplyClaimed(REPLY, at(0)), RecheckOutbox())
    assert (given_back(sender), sender.called) == ([1], [])


def test_no_sweep_makes_a_draining_sender_begin_anew(sender: LoneSender) -> None:
    sender.receive_events(Drain())
    sender.receive_events(SweepDue(), PendingFound((REPLY,), (), ()), RecheckOutbox())
    assert (sender.recorded, sender.called) == ([], [])


def test_a_draining_sender_wants_no_waking(sender: LoneSender) -> None:
    sender.receive_events(Drain())
    assert sender.timers.next_at is None


def test_a_draining_sender_that_crashes_goes_on_draining(sender: LoneSender) -> None:
    sender.receive_events(Drain())
    unusable: Any = []
    sender.receive_events(DeliveryStarted(unusable, at(0)))
    sender.receive_events(PendingFound((REPLY,), (), ()))
    assert (sender.recorded, sender.timers.next_at) == ([], None)


def test_whenever_it_is_stopped_what_was_not_called_is_pending(
    open_system: Callable[..., SteppedSystem],
) -> None:
    statuses: list[object] = []
    for steps in range(36):
        system = open_system()
        system.receive("hello", mid=f"m{steps}")
        system.frozen.move_to(at(5) + len(statuses) * timedelta(minutes=1))
        system.timers.advance_to(clock.now())
        for _ in range(steps):
            system.dispatcher.step()
        system.stop()
        was_called = bool(system.instagram.reached)
        found = system.rows(QueueItem.select(QueueItem.status))
        system.crash()
        statuses.append(found)
        assert found in ([], [("sent",)] if was_called else [("pending",)]), steps
        system.frozen.move_to(at(0) + len(statuses) * timedelta(minutes=1))
    assert [("pending",)] in statuses
    assert [("sent",)] in statuses


class Stuck:
    """Keeps the supervisor at its next message."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.has_begun = threading.Event()
        self.may_go_on = threading.Event()
        monkeypatch.setattr(SupervisorActor, "on_receive", self._wait)

    def _wait(self, _message: object) -> None:
        self.has_begun.set()
        assert self.may_go_on.wait(PATIENCE_SECONDS)


class HangingInstagram(FakeInstagram):
    """Holds every call until it is told to answer."""

    def __init__(self) -> None:
        super().__init__()
        self.is_called = threading.Event()
        self.may_answer = threading.Event()

    def send(self, contact: ContactKey, content: Content, way: ReplyAddress = DIRECT) -> Delivered:
        self.is_called.set()
        assert self.may_answer.wait(PATIENCE_SECONDS)
        return Delivered("ig-1")


def message_of(contact: ContactKey) -> InboundMessage:
    return InboundMessage(contact=contact, mid="m1", text="hello", sent_at=clock.now())


@pytest.fixture
def threaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[System, HangingInstagram, list[object]]]:
    """A system on real threads with almost no patience for stopping, and its escalations."""
    monkeypatch.setattr(system_module, "_ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(system_module, "_LAST_CALLS_SECONDS", 0.1)
    monkeypatch.setattr(singletons, "_PATIENCE", timedelta(seconds=0.1))
    database = open_migrated(tmp_path)
    instagram = HangingInstagram()
    escalated: list[object] = []
    timers = TimerThread()
    timers.start()
    world = Dependencies(
        open_writer=lambda: Writer(database, POLICY),
        bot_of=same_bot_for_all(ConversationPolicy(debounce=timedelta(0)), MockGenerator()),
        connect=lambda: instagram,
        escalate=escalated.append,
    )
    running = System(
        sender=SenderPolicy(couriers=1),
        dependencies=world,
        dispatchers=Dispatchers.threaded(couriers=1, responders=1),
        timers=timers,
    )
    yield running, instagram, escalated
    timers.stop()


def test_a_call_that_ends_after_its_sender_has_stopped_takes_nothing_down(
    threaded: tuple[System, HangingInstagram, list[object]],
) -> None:
    running, instagram, escalated = threaded
    running.tell(RecordWebhook(b"{}", (message_of(ANNA),), clock.now()))
    assert instagram.is_called.wait(PATIENCE_SECONDS)
    couriers = [each for each in threading.enumerate() if each.name.startswith("courier")]

    running.stop()
    instagram.may_answer.set()
    for thread in couriers:
        thread.join(PATIENCE_SECONDS)
    assert escalated == []


def test_a_supervisor_that_does_not_stop_in_time_keeps_persistence_from_nothing(
    threaded: tuple[System, HangingInstagram, list[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    running, _, escalated = threaded
    stuck = Stuck(monkeypatch)
    running.tell(RecordWebhook(b"{}", (message_of(ANNA),), clock.now()))
    assert stuck.has_begun.wait(PATIENCE_SECONDS)

    running.stop()
    assert running.health_problems().database == "not responding"
    stuck.may_go_on.set()
    assert escalated == []
