from moca.core.messages.operator_actions import EraseContact
from moca.core.messages.replies import ConcludeMessages, MessagesEnded, RecordSteps
from moca.core.types import Outcome, Stage, Step
from moca.storage.db.tables import JourneyStep, Message
from tests.storage.desk import Desk, message, steps
from tests.support.factory import ANNA, BEN, NOON, at
from tests.support.values import id_of, present


def test_messages_are_concluded_with_their_reasons(desk: Desk) -> None:
    first, second, third = (desk.receive(f"m{n}") for n in range(3))
    desk.do(
        ConcludeMessages((first,), Outcome.SUPPRESSED, "outside business hours", at(1)),
        ConcludeMessages((second, third), Outcome.DUPLICATE, "same text", at(2), first),
    )

    assert message(first) == ("received", True, "suppressed", "outside business hours")
    assert message(second) == message(third) == ("received", True, "duplicate", "same text")
    assert id_of(Message.get_by_id(third), "duplicate_of") == first
    assert steps(first)[-1] == "outcome/suppressed"
    assert steps(second)[-1] == "deduplication/duplicate"


def test_the_first_end_stays(desk: Desk) -> None:
    first = desk.receive("m1")
    desk.do(
        ConcludeMessages((first, first), Outcome.FAILED, "no reply", at(1)),
        ConcludeMessages((first,), Outcome.SUPPRESSED, "paused", at(2)),
    )
    desk.do(ConcludeMessages((first,), Outcome.SUPPRESSED, "closed", at(3)))

    assert message(first) == ("received", True, "failed", "no reply")
    assert steps(first) == ["reception/received", "storage/stored", "outcome/failed"]


def test_a_message_whose_reply_is_queued_is_not_concluded_by_a_late_command(desk: Desk) -> None:
    first = desk.receive("m1")
    desk.queue(first)
    desk.do(ConcludeMessages((first,), Outcome.FAILED, "too late", at(6)))

    assert message(first) == ("received", True, None, "")


def test_a_reply_is_never_concluded(desk: Desk) -> None:
    reply = desk.queue(text="hi", conversation_id=present(_conversation(desk)))
    desk.do(ConcludeMessages((reply.message_id,), Outcome.FAILED, "no", at(1)))

    assert message(reply.message_id) == ("queued", False, None, "")


def _conversation(desk: Desk) -> int | None:
    return id_of(Message.get_by_id(desk.receive("m1")), "conversation")


def test_what_is_gone_is_passed_over(desk: Desk) -> None:
    gone, here = desk.receive("m1"), desk.receive("m2", contact=BEN)
    desk.do(EraseContact(ANNA, NOON))
    desk.do(
        ConcludeMessages((gone,), Outcome.FAILED, "no", at(1)),
        ConcludeMessages((here,), Outcome.DUPLICATE, "same", at(1), gone),
        RecordSteps((_step(gone), _step(here))),
    )

    assert id_of(Message.get_by_id(here), "duplicate_of") is None
    assert steps(here)[-2:] == ["deduplication/duplicate", "debounce/waiting"]


def test_steps_are_written_as_they_are(desk: Desk) -> None:
    first = desk.receive("m1")
    desk.do(RecordSteps((_step(first),)), RecordSteps((_step(first, "flushed", "1\0"),)))

    rows = JourneyStep.select().where(JourneyStep.stage == "debounce").order_by(JourneyStep.id)
    assert [(id_of(row, "message"), row.at, row.outcome, row.detail) for row in rows] == [
        (first, at(3), "waiting", "2 s left"),
        (first, at(3), "flushed", "1\ufffd"),
    ]


def _step(message_id: int, outcome: str = "waiting", detail: str = "2 s left") -> Step:
    return Step(message_id, at(3), Stage.DEBOUNCE, outcome, detail)


def test_what_ended_is_told_for_whoever_counts(desk: Desk) -> None:
    first, second, again = (
        desk.receive("m1"),
        desk.receive("m2", seconds=1),
        desk.receive("m3", seconds=2),
    )
    ended = desk.ends(
        ConcludeMessages((first, second), Outcome.SUPPRESSED, "closed", at(3)),
        ConcludeMessages((again,), Outcome.DUPLICATE, "same text", at(3), first),
        ConcludeMessages((again,), Outcome.FAILED, "too late", at(3)),
    )
    assert ended == (
        MessagesEnded((first, second), Outcome.SUPPRESSED, "closed"),
        MessagesEnded((again,), Outcome.DUPLICATE, "same text"),
    )
