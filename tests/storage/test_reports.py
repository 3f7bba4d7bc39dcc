from datetime import datetime, timedelta

import pytest

from moca.core.content.content import Content, Reaction
from moca.core.messages.inbound import RecordWebhook
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.messages.replies import HandOverConversation
from moca.core.reports import Measure, bucket_of
from moca.core.types import Author, ConversationStatus
from moca.storage.db.metric_tables import ReportHour
from moca.storage.db.rows import read_rows
from moca.storage.queries.reports import ReportCount, list_report_counts
from tests.storage.desk import Desk, echoed
from tests.support.factory import ANNA, NOON, at

ACCOUNT = ANNA.account_id


def counted(
    measure: Measure, subject: str = "", seconds: float = 0, count: int = 1, hour: datetime = NOON
) -> ReportCount:
    """Return a count of Anna's account."""
    bucket = bucket_of(timedelta(seconds=seconds))
    return ReportCount(hour, ACCOUNT, measure, subject, bucket, count)


def counts(since: datetime = NOON) -> list[ReportCount]:
    """Return the counts of each hour since an instant."""
    hours = {hour for (hour,) in read_rows(ReportHour.select(ReportHour.hour))}
    starts = sorted({since, *(hour for hour in hours if hour > since)})
    return list(list_report_counts(starts, None).counts)


def hands_over(
    desk: Desk, *input_ids: int, seconds: float = 6, because: str = "asked for a person"
) -> None:
    desk.do(HandOverConversation(1, input_ids, because, (), at=at(seconds)))


def closes(desk: Desk, seconds: float, by: str = "Ana") -> None:
    desk.do(ChangeConversation(1, ConversationStatus.CLOSED, at(seconds), by=by))


def test_a_hand_over_and_the_wait_for_a_teammate_are_counted(desk: Desk) -> None:
    hands_over(desk, desk.receive("m1"))
    desk.queue(seconds=306, author=Author.OPERATOR, author_name="Ana")
    assert counts() == [
        counted(Measure.FIRST_REPLY, "Ana", 300),
        counted(Measure.HANDED_OVER, "asked for a person"),
        counted(Measure.REPLIED, "Ana"),
    ]


def test_only_the_first_of_several_replies_ends_a_wait_and_counts_a_conversation(
    desk: Desk,
) -> None:
    hands_over(desk, desk.receive("m1"))
    for seconds in (306, 400, 500):
        desk.queue(seconds=seconds, author=Author.OPERATOR, author_name="Ana")
    desk.queue(seconds=600, author=Author.OPERATOR, author_name="Ben")
    assert counts() == [
        counted(Measure.FIRST_REPLY, "Ana", 300),
        counted(Measure.HANDED_OVER, "asked for a person"),
        counted(Measure.REPLIED, "Ana"),
        counted(Measure.REPLIED, "Ben"),
    ]


def test_a_conversation_is_counted_again_a_day_later(desk: Desk) -> None:
    desk.receive("m1")
    desk.queue(seconds=60, author=Author.OPERATOR, author_name="Ana")
    desk.queue(seconds=60 + 86_400, author=Author.OPERATOR, author_name="Ana")
    tomorrow = NOON + timedelta(days=1)
    assert counts() == [
        counted(Measure.REPLIED, "Ana"),
        counted(Measure.REPLIED, "Ana", hour=tomorrow),
    ]


def test_a_reaction_is_no_reply(desk: Desk) -> None:
    desk.receive("m1")
    love = Reaction(mid="m1", emoji="love")
    desk.queue(seconds=60, author=Author.OPERATOR, author_name="Ana", reaction=love)
    assert counts() == []


def test_a_reply_in_the_instagram_app_counts_too(desk: Desk) -> None:
    hands_over(desk, desk.receive("m1"))
    desk.do(RecordWebhook(b"{}", (echoed("e1", "Hi!"),), at(126)))
    assert counts() == [
        counted(Measure.FIRST_REPLY, "Instagram app", 120),
        counted(Measure.HANDED_OVER, "asked for a person"),
        counted(Measure.REPLIED, "Instagram app"),
    ]


def test_a_conversation_that_the_bot_ended_alone_is_counted_as_such(desk: Desk) -> None:
    desk.send(desk.queue(desk.receive("m1")))
    closes(desk, 7_205)
    two_hours = NOON + timedelta(hours=2)
    assert counts() == [
        counted(Measure.RESOLVED, "Ana", 7_205, hour=two_hours),
        counted(Measure.RESOLVED_BY_BOT, hour=two_hours),
    ]


@pytest.mark.parametrize("is_handed_over", [True, False])
def test_a_conversation_with_a_teammate_was_not_ended_by_the_bot(
    desk: Desk, is_handed_over: bool
) -> None:
    heard = desk.receive("m1")
    if is_handed_over:
        hands_over(desk, heard)
    else:
        desk.queue(author=Author.OPERATOR, author_name="Ana")
    closes(desk, 600)
    assert [each for each in counts() if each.measure is Measure.RESOLVED_BY_BOT] == []


def test_counts_add_up_and_are_read_by_account(desk: Desk) -> None:
    for seconds in (600, 1_200):
        desk.receive("m1", seconds=seconds - 600)
        closes(desk, seconds)
        desk.do(ChangeConversation(1, ConversationStatus.OPEN, at(seconds + 1)))
    resolved = [each for each in counts() if each.measure is Measure.RESOLVED]
    assert resolved == [
        counted(Measure.RESOLVED, "Ana", 600),
        counted(Measure.RESOLVED, "Ana", 1_200),
    ]
    assert list_report_counts([NOON], "another") == ((), NOON)
    assert list_report_counts([NOON], ACCOUNT) == list_report_counts([NOON], None)


def test_counts_of_a_stretch_are_summed_up(desk: Desk) -> None:
    hands_over(desk, desk.receive("m1"))
    closes(desk, 3_700)
    desk.receive("m2", seconds=4_000)
    desk.do(HandOverConversation(2, (2,), "asked for a person", (), at=at(4_001)))
    assert counts()[0] == counted(Measure.HANDED_OVER, "asked for a person")
    (first, *others) = list_report_counts([NOON], None).counts
    assert first == counted(Measure.HANDED_OVER, "asked for a person", count=2)
    assert [each.measure for each in others] == [Measure.RESOLVED]


def test_where_there_are_too_many_counts_the_oldest_stretches_are_left_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("moca.storage.queries.reports.MAX_COUNTS", 1)
    hands_over(desk, desk.receive("m1"))
    closes(desk, 7_300)
    starts = [NOON, NOON + timedelta(hours=1), NOON + timedelta(hours=2)]
    counted_last = counted(Measure.RESOLVED, "Ana", 7_300, hour=starts[2])

    everything = list_report_counts(starts, None)
    assert (len(everything.counts), everything.complete_since) == (2, NOON)
    monkeypatch.setattr("moca.storage.queries.reports.MAX_COUNTS", 0)
    assert list_report_counts(starts, None) == ((counted_last,), starts[2])


def test_counts_over_a_year_old_are_deleted(desk: Desk) -> None:
    old = NOON - timedelta(days=401)
    ReportHour.create(
        hour=old, account_id=ACCOUNT, measure=Measure.RESOLVED, subject="", bucket=0, count=1
    )
    hands_over(desk, desk.receive("m1"))
    assert counts(since=old) == [counted(Measure.HANDED_OVER, "asked for a person")]


def test_a_text_of_the_bot_is_no_reply_of_a_teammate(desk: Desk) -> None:
    desk.queue(desk.receive("m1"), content=Content(text="At nine."))
    assert counts() == []
