from datetime import UTC, datetime, timedelta

import pytest

from tests.soak.judge import (
    ApiAnswer,
    OperatorReply,
    Restore,
    RunRecord,
    Seen,
    Verdict,
    WrittenMessage,
    judge,
)
from tests.support.stalls import Stall

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def reply(psid: str, at: float, text: str = "Answer") -> Seen:
    return Seen(psid, text, after(at))


def operator(text: str, answer: ApiAnswer, at: float = 0) -> OperatorReply:
    return OperatorReply("1", text, answer, after(at))


def test_one_reply_to_each_message_is_good() -> None:
    run = RunRecord(
        [
            WrittenMessage("1", after(0)),
            WrittenMessage("1", after(5)),
            WrittenMessage("2", after(1)),
        ],
        [reply("1", 1), reply("1", 6), reply("2", 2)],
    )
    assert judge(run) == Verdict(acked=3, answered=3, most_in_a_second=1, most_since=after(1))


def test_it_sees_who_got_no_reply_two_replies_and_no_acknowledgement() -> None:
    run = RunRecord(
        [
            WrittenMessage("lost", after(0)),
            WrittenMessage("twice", after(0)),
            WrittenMessage("waits", None),
        ],
        [reply("twice", 1), reply("twice", 9)],
    )
    assert judge(run) == Verdict(
        acked=2,
        answered=1,
        lost=["lost"],
        twice=["twice"],
        not_acked=["waits"],
        most_in_a_second=1,
        most_since=after(1),
    )


def test_it_sees_a_reply_to_a_stranger() -> None:
    assert judge(RunRecord([], [reply("1", 0)])).twice == ["1"]


def test_an_operator_may_silence_the_bot_but_not_double_it() -> None:
    run = RunRecord(
        [WrittenMessage("1", after(0)), WrittenMessage("2", after(0))],
        [reply("2", 1), reply("2", 2)],
        touched=frozenset({"1", "2"}),
    )
    assert judge(run) == Verdict(
        acked=2,
        answered=1,
        twice=["2"],
        most_in_a_second=1,
        most_since=after(1),
        unanswered_for_an_operator=1,
    )


def test_an_operators_reply_comes_once_if_it_was_accepted_and_never_if_it_was_refused() -> None:
    accepted, refused, unclear = ApiAnswer.ACCEPTED, ApiAnswer.REFUSED, ApiAnswer.UNCLEAR
    run = RunRecord(
        [],
        [reply("1", at, text) for at, text in enumerate(("b", "c", "c", "e", "f", "h", "h"))],
        [
            operator("a", accepted),
            operator("b", accepted),
            operator("c", accepted),
            operator("d", refused),
            operator("e", refused),
            operator("f", unclear),
            operator("g", unclear),
            operator("h", unclear),
            OperatorReply("1", "i", accepted, NOON, is_cancelled=True),
        ],
    )
    assert judge(run) == Verdict(
        acked=0,
        answered=0,
        operator_lost=["a"],
        operator_twice=["c", "e", "h"],
        most_in_a_second=1,
        most_since=after(0),
    )


@pytest.mark.parametrize(
    ("acked", "replied", "is_excused"),
    [
        (599, None, True),  # After the backup, before the restore.
        (490, None, True),  # Unanswered in the backup.
        (601, None, False),  # After the restore.
        (199, None, False),  # Long before the backup.
    ],
)
def test_a_restore_excuses_what_its_backup_cannot_hold_answered(
    acked: float, replied: float | None, is_excused: bool
) -> None:
    restore = Restore(made_at=after(500), at=after(600))
    run = RunRecord([WrittenMessage("1", after(acked))], [], restores=[restore])
    verdict = judge(run)
    assert (verdict.unanswered_for_a_restore, verdict.lost) == (
        (1, []) if is_excused else (0, ["1"])
    )


def test_a_restore_does_not_excuse_a_second_reply() -> None:
    restore = Restore(made_at=after(500), at=after(600))
    run = RunRecord(
        [WrittenMessage("1", after(510))], [reply("1", 520), reply("1", 630)], restores=[restore]
    )
    assert judge(run).twice == ["1"]


def most_in_a_second(arrivals: list[datetime], stalls: list[Stall]) -> tuple[int, datetime | None]:
    seen = [Seen("1", "Answer", at) for at in arrivals]
    verdict = judge(RunRecord([], seen, stalls=stalls))
    return verdict.most_in_a_second, verdict.most_since


def test_an_overrun_is_seen_unless_the_machine_stood_still() -> None:
    crowd = [after(0.0), after(0.3), after(0.6), after(0.95)]
    assert most_in_a_second(crowd, []) == (3, after(0))
    assert most_in_a_second([*crowd, after(0.85)], []) == (4, after(0))
    assert most_in_a_second(crowd, [Stall(after(-0.2), after(0.2))]) == (2, after(0))
    assert most_in_a_second(crowd, [Stall(after(-9), after(-8))]) == (3, after(0))
    assert most_in_a_second([], []) == (0, None)
