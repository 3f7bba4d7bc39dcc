"""What may go on and does not must be noticed, and what heals itself in time must be let pass."""

from actors import sender, supervisor
from moca.core.conversation import drafts
from moca.core.outbox.outbox import Outbox
from moca.core.outbox.verification import Settling
from tests.simulation.script import (
    ActorCrashes,
    Generating,
    LosesCommits,
    LosesEvents,
    Operates,
    Sending,
    Writes,
)
from tests.simulation.test_judging import ANNA, BEN, broken

HELLO = Writes(at=1, contact=ANNA, mid="m1", text="hello?")
LATER = Writes(at=20, contact=ANNA, mid="m2", text="where is my order")


def waits_for(broken: tuple[str, ...], what: str) -> bool:
    return any(each.startswith("15:") and what in each for each in broken)


def only_once(method):
    def first(self):
        if not getattr(self, "_has_swept", False):
            self._has_swept = True
            method(self)

    return first


LOSES_REPLY_SENT = (HELLO, LosesEvents(at=6.1, seconds=0.8), LATER)
LOSES_ARRIVAL = (HELLO, LosesEvents(at=1.1, seconds=0.5))
LOSES_REPLY_QUEUED = (
    HELLO,
    LosesEvents(at=39.9, seconds=0.5),
    Operates(at=40, contact=ANNA, action="write", text="operator"),
)


def test_a_conversation_that_misses_an_event_and_is_never_reloaded_is_noticed(monkeypatch) -> None:
    assert not broken(*LOSES_REPLY_SENT)
    monkeypatch.setattr(drafts, "see_if_stuck", lambda state, _now: (state, ()))
    assert waits_for(broken(*LOSES_REPLY_SENT), "m2 waits for an answer")


def test_a_message_that_nobody_hears_of_and_no_sweep_finds_is_noticed(monkeypatch) -> None:
    assert not broken(*LOSES_ARRIVAL)
    sweep = supervisor.SupervisorActor._look_for_unanswered
    monkeypatch.setattr(supervisor.SupervisorActor, "_look_for_unanswered", only_once(sweep))
    assert waits_for(broken(*LOSES_ARRIVAL), "m1 waits for an answer")


def test_a_reply_that_the_sender_does_not_hear_of_and_no_sweep_finds_is_noticed(
    monkeypatch,
) -> None:
    assert not broken(*LOSES_REPLY_QUEUED)
    sweep = sender.SenderActor._sweep
    monkeypatch.setattr(sender.SenderActor, "_sweep", only_once(sweep))
    assert waits_for(broken(*LOSES_REPLY_QUEUED), "item 2 may go and does not")


def test_a_sender_that_looks_again_too_late_is_noticed(monkeypatch) -> None:
    again = Writes(at=2, contact=ANNA, mid="m2", text="are you open")
    assert not broken(HELLO, again, sweep=60)
    monkeypatch.setattr(Outbox, "wake_at", lambda self, now: None)
    assert waits_for(broken(HELLO, again, sweep=60), "item 2 may go and does not")


def test_a_doubt_that_nobody_looks_into_is_noticed(monkeypatch) -> None:
    lost = Sending(number=1, arrives=None, answer="unconfirmed", echoes=())
    assert not broken(HELLO, lost)
    monkeypatch.setattr(Settling, "readings", lambda self, now: ())
    monkeypatch.setattr(Settling, "wake_at", lambda self, now: None)
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
