from datetime import datetime

import pytest

from moca.core.reasons import Reason
from moca.core.snooze import Snooze
from moca.core.types import ConversationStatus, Outcome
from moca.core.work_lists import NeededReply, WorkList, needs_reply_after, work_list_of
from tests.support.factory import at

ANSWERED, FAILED, SUPPRESSED = Outcome.ANSWERED, Outcome.FAILED, Outcome.SUPPRESSED


@pytest.mark.parametrize(
    ("status", "since", "listed"),
    [
        ("open", None, WorkList.WITH_BOT),
        ("open", at(5), WorkList.NEEDS_REPLY),
        ("human", None, WorkList.WAITING_FOR_CONTACT),
        ("human", at(5), WorkList.NEEDS_REPLY),
        ("paused", None, WorkList.WAITING_FOR_CONTACT),
        ("paused", at(5), WorkList.NEEDS_REPLY),
        ("standby", None, WorkList.WAITING_FOR_CONTACT),
        ("standby", at(5), WorkList.NEEDS_REPLY),
        ("closed", None, WorkList.CLOSED),
        ("closed", at(5), WorkList.CLOSED),
    ],
)
def test_a_conversation_is_in_the_list_of_whose_turn_it_is(
    status: str, since: datetime | None, listed: WorkList
) -> None:
    assert work_list_of(ConversationStatus(status), since) is listed


@pytest.mark.parametrize("since", [None, at(5)])
@pytest.mark.parametrize("status", ["open", "human", "paused", "standby"])
def test_a_snoozed_conversation_is_in_the_list_of_those(
    status: str, since: datetime | None
) -> None:
    listed = work_list_of(ConversationStatus(status), since, is_snoozed=True)
    assert listed is WorkList.SNOOZED


@pytest.mark.parametrize(
    ("until", "heard_at", "is_over"),
    [
        (None, None, False),
        (None, at(5), False),
        (None, at(6), True),
        (at(10), at(5), False),
        (at(9), at(5), True),
        (at(8), None, True),
        (at(10), at(6), True),
    ],
)
def test_a_snooze_ends_at_its_time_or_with_the_contacts_next_word(
    until: datetime | None, heard_at: datetime | None, is_over: bool
) -> None:
    assert Snooze(at(5), until).is_over(heard_at, at(9)) is is_over


NEED = NeededReply(at(3), 5)


@pytest.mark.parametrize(
    ("need", "outcome", "reason", "message_id", "after"),
    [
        (None, FAILED, None, 1, NeededReply(at(9), 9)),
        (NEED, FAILED, None, 1, NeededReply(at(3), 9)),
        (None, SUPPRESSED, Reason.OUTSIDE_HOURS, 1, NeededReply(at(9), 9)),
        (None, SUPPRESSED, Reason.HANDED_OVER, 1, NeededReply(at(9), 9)),
        (None, SUPPRESSED, Reason.IS_TAKEN_OVER, 1, NeededReply(at(9), 9)),
        (None, SUPPRESSED, Reason.NO_REPLY_MADE, 1, NeededReply(at(9), 9)),
        (None, SUPPRESSED, Reason.OPTED_OUT, 1, NeededReply(at(9), 9)),
        (None, SUPPRESSED, Reason.NO_REPLY_WANTED, 1, None),
        (None, SUPPRESSED, Reason.IN_STANDBY, 1, None),
        (None, SUPPRESSED, Reason.TEAMMATE_REPLIED, 1, None),
        (None, SUPPRESSED, None, 1, None),
        (NEED, SUPPRESSED, Reason.UNSENT, 6, NEED),
        (None, Outcome.DUPLICATE, Reason.DUPLICATE, 1, None),
        (NEED, Outcome.DUPLICATE, Reason.DUPLICATE, 6, NEED),
        (None, ANSWERED, None, 1, None),
        (NEED, ANSWERED, None, 4, NEED),
        (NEED, ANSWERED, None, 5, NEED),
        (NEED, ANSWERED, None, 6, None),
    ],
)
def test_the_need_for_a_reply_follows_from_how_messages_end(
    need: NeededReply | None,
    outcome: Outcome,
    reason: Reason | None,
    message_id: int,
    after: NeededReply | None,
) -> None:
    assert (
        needs_reply_after(need, outcome, reason, message_id=message_id, latest_id=9, at=at(9))
        == after
    )
