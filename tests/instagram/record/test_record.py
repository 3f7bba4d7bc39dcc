from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moca.core.content.content import Content
from moca.core.outbox.delivery import (
    FoundInRecord,
    KnownMessages,
    MissingFromRecord,
    VerificationResult,
)
from moca.instagram.record.record import Record, find_in_record

PSID, ACCOUNT = "28978671838402975", "17841400000000001"
CALLED_AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
NEXT_PAGE = {"paging": {"next": "https://…"}}


def row(mid: str, at: datetime, sender: str = ACCOUNT) -> dict[str, Any]:
    return {"id": mid, "created_time": at.isoformat(), "from": {"id": sender}, "message": "hi"}


def find(*newest_first: dict[str, Any], before: str | None) -> VerificationResult:
    page = {"messages": {"data": newest_first, **NEXT_PAGE}}
    known = KnownMessages(frozenset({"known"}), before)
    return find_in_record(Record.model_validate(page), PSID, Content(text="hi"), CALLED_AT, known)


@pytest.mark.parametrize("hours", [-5, 5])
def test_what_follows_the_message_of_before_has_arrived_whatever_the_clocks_say(
    hours: int,
) -> None:
    at = CALLED_AT + timedelta(hours=hours)
    question, earlier = row("m1", at, PSID), row("a", at)
    shown = [row("d", at), row("c", at), row("known", at), row("m2", at, PSID)]
    assert find(*shown, question, earlier, before="m1") == FoundInRecord("c", at)
    assert find(*shown[2:], question, earlier, before="m1") == MissingFromRecord()


def test_times_are_compared_where_the_message_of_before_is_not_shown() -> None:
    early, late = row("a", CALLED_AT - timedelta(hours=5)), row("b", CALLED_AT)
    assert find(early, before="m1") == MissingFromRecord()
    assert find(late, early, before="m1") == FoundInRecord("b", CALLED_AT)
    assert find(late, early, before=None) == FoundInRecord("b", CALLED_AT)
