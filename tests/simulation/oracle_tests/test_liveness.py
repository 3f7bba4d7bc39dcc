"""What may go on and does not must be noticed, and what heals itself in time must be let pass."""

from collections.abc import Callable
from typing import Any

import pytest

from actors import sender, supervisor
from moca.core.conversation import drafts
from moca.core.outbox.outbox import Outbox
from moca.core.outbox.verification import Verification
from moca.core.types import ContactKey
from moca.replies.generator import ReplyRequest
from tests.simulation.oracle.invariants import Broken, Invariant
from tests.simulation.oracle_tests.test_false_alarms import ANNA, BEN, broken
from tests.simulation.runtime.generator import Generator
from tests.simulation.runtime.virtual_time import Backstage
from tests.simulation.worlds.script import (
    ActorCrashes,
    ClockSteps,
    Dies,
    Edits,
    Generating,
    LosesCommits,
    LosesEvents,
    Operates,
    Reading,
    Sending,
    Writes,
)

HELLO = Writes(at=1, contact=ANNA, mid="m1", text="hello?")
LATER = Writes(at=20, contact=ANNA, mid="m2", text="where is my order")


def waits_for(broken: tuple[Broken, ...], what: str) -> bool:
    return any(
        each.invariant is Invariant.NO_NEEDLESS_WAIT and what in each.what for each in broken
    )


def only_once(method: Callable[[Any], object]) -> Callable[[Any], None]:
    def first(self: Any) -> None:
        if not getattr(self, "_has_swept", False):
            self._has_swept = True
            method(self)

    return first


LOSES_REPLY_SENT = (HELLO, LosesEvents(at=6.1, seconds=0.8), LATER)
LOSES_ARRIVAL = (HELLO, LosesEvents(at=1.1, seconds=0.5))
WRITES_ON = tuple(
    Writes(at=25.0 * n, contact=ANNA, mid=f"m{n + 1}", text=f"text {n}") for n in range(1, 14)
)
LOSES_ONE_OF_MANY = (HELLO, LosesEvents(at=50.1, seconds=0.5), *WRITES_ON)
LOSES_REPLY_QUEUED = (
    HELLO,
    LosesEvents(at=39.9, seconds=0.5),
    Operates(at=40, contact=ANNA, action="write", text="operator"),
)


def test_a_conversation_that_misses_an_event_and_is_never_reloaded_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not broken(*LOSES_REPLY_SENT)
    monkeypatch.setattr(drafts, "see_if_stuck", lambda state, *_: (state, ()))
    assert waits_for(broken(*LOSES_REPLY_SENT), "m2 waits for an answer")


def test_a_message_that_nobody_hears_of_while_its_contact_writes_on_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not broken(*LOSES_ONE_OF_MANY, cooldown=2)
    monkeypatch.setattr(drafts, "see_if_stuck", lambda state, *_: (state, ()))
    assert waits_for(broken(*LOSES_ONE_OF_MANY, cooldown=2), "m3 waits for an answer")


def test_a_message_that_nobody_hears_of_and_no_sweep_finds_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not broken(*LOSES_ARRIVAL)
    sweep = supervisor.SupervisorActor._begin_sweep
    monkeypatch.setattr(supervisor.SupervisorActor, "_begin_sweep", only_once(sweep))
    assert waits_for(broken(*LOSES_ARRIVAL), "m1 waits for an answer")


def test_a_reply_that_the_sender_does_not_hear_of_and_no_sweep_finds_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not broken(*LOSES_REPLY_QUEUED)
    sweep = sender.SenderActor._sweep
    monkeypatch.setattr(sender.SenderActor, "_sweep", only_once(sweep))
    assert waits_for(broken(*LOSES_REPLY_QUEUED), "item 2 may go and does not")


def test_a_sender_that_looks_again_too_late_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    again = Writes(at=2, contact=ANNA, mid="m2", text="are you open")
    assert not broken(HELLO, again, sweep=60)
    monkeypatch.setattr(Outbox, "wake_at", lambda self, now: None)
    assert waits_for(broken(HELLO, again, sweep=60), "item 2 may go and does not")


def test_a_doubt_that_nobody_looks_into_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = Sending(number=1, arrives=None, answer="unconfirmed", echoes=())
    assert not broken(HELLO, lost)
    monkeypatch.setattr(Verification, "readings", lambda self, now: ())
    monkeypatch.setattr(Verification, "wake_at", lambda self, now: None)
    assert waits_for(broken(HELLO, lost), "item 1 stays unknown")


def test_every_actor_may_crash_and_nothing_waits_for_long() -> None:
    for actor in ("Conversation", "Supervisor", "Persistence", "Courier", "Responder", "Sender"):
        for at in (1.1, 5.9, 6.1):
            crash = ActorCrashes(at=at, actor=f"{actor}Actor")
            assert not broken(HELLO, crash, LATER), (actor, at)


def test_commits_whose_answers_are_lost_hold_up_nothing() -> None:
    for at in (1.1, 5.9, 6.1):
        write = Operates(at=at + 0.1, contact=ANNA, action="write", text="operator")
        assert not broken(HELLO, LosesCommits(at=at, count=2), write, LATER), at


def test_what_stands_in_the_way_is_no_fault() -> None:
    assert not broken(
        HELLO,
        Writes(at=1, contact=BEN, mid="m3", text="hi"),
        Sending(number=1, arrives=None, answer="throttled", wait=300),
        Operates(at=2, contact=BEN, action="freeze"),
        Operates(at=120, contact=BEN, action="release"),
        Generating(number=2, seconds=29),
        LATER,
    )


def test_a_reply_that_is_made_again_is_noticed_though_an_earlier_one_was_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edited = (
        HELLO,
        Operates(at=5, contact=ANNA, action="freeze"),
        Edits(at=10, contact=ANNA, mid="m1", text="hello!"),
        Operates(at=15, contact=ANNA, action="release"),
        Writes(at=80, contact=ANNA, mid="m2", text="where is my order"),
    )
    assert not broken(*edited)
    reply = Generator.reply

    def make_twice(self: Any, request: ReplyRequest, backstage: Backstage) -> object:
        if request.inputs[0].mid == "m2":
            reply(self, request, backstage)
        return reply(self, request, backstage)

    monkeypatch.setattr(Generator, "reply", make_twice)
    assert [each.invariant for each in broken(*edited)] == [Invariant.ONE_GENERATION_A_DRAFT]


def test_a_send_whose_unknown_result_was_lost_with_its_commit_does_not_stay_sending() -> None:
    assert not broken(
        HELLO,
        Sending(number=1, arrives=None, answer="unconfirmed", answers=10, echoes=()),
        *(Reading(number=number, is_unreadable=True) for number in range(1, 9)),
        ActorCrashes(at=16, actor="PersistenceActor"),
        settle=3,
    )


def test_a_retry_goes_after_its_backoff_though_the_clock_was_set_back_twice() -> None:
    assert not broken(
        HELLO,
        Sending(number=1, arrives=None, answer="unconfirmed", echoes=()),
        Sending(number=2, arrives=None, answer="throttled"),
        ClockSteps(at=24, seconds=-600),
        ClockSteps(at=50, seconds=-3600),
        settle=3,
    )


def test_what_was_claimed_just_before_an_orderly_stop_is_called_or_given_back() -> None:
    contacts = [ContactKey(ANNA.account_id, f"p{number}") for number in range(1, 10)]
    greetings = [
        Writes(at=0.2 * number, contact=contact, mid=f"m{number}", text="hi")
        for number, contact in enumerate(contacts, start=1)
    ]
    for at in (1.337, 1.35, 1.4):
        stop = Dies(at=at, orderly=True)
        assert not broken(*greetings, stop, debounce=0.5, step_cost=0.02), at
