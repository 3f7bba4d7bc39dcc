from datetime import datetime

from moca.core.messages.housekeeping import ApplyRetention, RetentionApplied
from moca.core.reply_window import BY_ITS_TIMESTAMP
from moca.core.types import Outcome, Stage
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import JourneyStep, Message, Webhook
from moca.storage.queries.journeys import read_journey
from tests.storage.desk import Desk, webhook, wrote
from tests.support.factory import at
from tests.support.values import present

LATER = at(86_400)


def condenses(desk: Desk, before: datetime, portion: int = 200) -> bool:
    """Condense journeys from before an instant; return whether there is more."""
    (applied,) = desk.do(ApplyRetention(LATER, None, portion, condense_journeys_before=before))
    return applied == RetentionApplied(has_more=True)


def steps() -> list[str]:
    """Return the stage of each step that is left."""
    return [stage for (stage,) in read_rows(JourneyStep.select(JourneyStep.stage))]


def test_an_answered_message_keeps_how_its_reply_was_made_and_why(desk: Desk) -> None:
    desk.send(desk.queue(desk.receive("m1", sent_at=at(0))))
    before = set(steps())
    assert {"reception", "storage", "queue", "sending", "outcome"} <= before
    whole = present(read_journey("m1")).steps
    assert condenses(desk, LATER)
    assert not condenses(desk, LATER)
    assert steps() == ["outcome"]
    kept = [each for each in whole if each.stage in (Stage.RECEPTION, Stage.OUTCOME)]
    assert list(present(read_journey("m1")).steps) == kept
    assert [each.detail for each in kept] == [BY_ITS_TIMESTAMP, "answered by r1"]


def test_a_step_that_tells_more_of_a_reception_stays(desk: Desk) -> None:
    answered = desk.receive("m1", sent_at=LATER)
    desk.receive("m1", sent_at=LATER, seconds=1)
    desk.send(desk.queue(answered))
    assert condenses(desk, LATER)
    shown = [(each.outcome, each.detail) for each in present(read_journey("m1")).steps]
    assert shown == [
        ("received", "24-hour window starts at receipt: Instagram's timestamp is in the future"),
        ("redelivered", ""),
        ("answered", "answered by r1"),
    ]


def test_a_message_that_was_not_answered_keeps_every_step(desk: Desk) -> None:
    desk.receive("m1")
    waiting = steps()
    assert condenses(desk, LATER)
    assert steps() == waiting


def test_only_old_steps_are_condensed_a_portion_at_a_time(desk: Desk) -> None:
    desk.send(desk.queue(desk.receive("m1", sent_at=at(0))))
    everything = steps()
    assert not condenses(desk, at(0))
    assert steps() == everything
    rounds = 0
    while condenses(desk, LATER, portion=2):
        rounds += 1
    assert rounds == -(-len(everything) // 2)
    assert steps() == ["outcome"]


def test_a_body_goes_once_its_message_has_an_outcome(desk: Desk) -> None:
    answered = desk.receive("m1")
    desk.receive("m2", seconds=1)
    desk.do(webhook(wrote("m3"), seconds=100))
    desk.send(desk.queue(answered))
    Message.update(outcome=Outcome.SUPPRESSED).where(Message.mid == "m3").execute()

    desk.do(ApplyRetention(LATER, None, 200, delete_webhooks_before=at(50)))

    carried = Message.select(Message.mid, Message.webhook).where(Message.role == "user")
    assert {mid: bool(body) for mid, body in read_rows(carried)} == {
        "m1": False,
        "m2": True,
        "m3": True,
    }
    assert Webhook.select().count() == 2
