from concurrent.futures import Future
from typing import Any

import pytest

from moca.core.messages.command import Done
from moca.core.messages.operators import (
    AddNote,
    AddOperator,
    MarkMentionsSeen,
    RemoveNote,
    RemoveOperator,
)
from moca.core.types import OperatorRole
from moca.core.work_lists import WorkList
from moca.storage.db.operator_tables import Mention, Note
from moca.storage.db.tables import Conversation
from moca.storage.queries.conversation_page import NoteRecord, find_note, notes_of
from moca.storage.queries.inbox import InboxFilter, count_inbox, list_inbox
from moca.storage.queries.page_versions import version_of_all
from moca.storage.queries.team.mentions import is_mention_unseen, latest_mentions
from tests.storage.desk import Desk
from tests.support.factory import ANNA, BEN, at
from tests.support.values import only, present

ANA_ID, BEN_ID = 1, 2


@pytest.fixture
def team(desk: Desk) -> Desk:
    """Two conversations, and the operators ana and Ben."""
    desk.receive("m1")
    desk.receive("m2", contact=BEN)
    for name in ("ana", "Ben"):
        desk.do(AddOperator(name, OperatorRole.ANSWERS, "hash", at(0)))
    return desk


def noted(
    desk: Desk,
    text: str,
    conversation_id: int = 1,
    author_id: int | None = None,
    seconds: float = 1,
) -> int:
    done = only(
        desk.answers(
            AddNote(conversation_id, "cleo", text, at(seconds), author_id, receipt=Future())
        ),
        Done,
    )
    return present(done.id)


def mentioning(operator_id: int | None, **more: Any) -> list[int]:
    """Return the conversations in an operator's *Mentions*."""
    wanted = InboxFilter(work_list=WorkList.MENTIONS, operator_id=operator_id, **more)
    ids = [row.conversation.id for row in list_inbox(wanted, at(9), limit=10).items]
    assert count_inbox(wanted, at(9)) == len(ids)
    return ids


def test_a_note_mentions_whom_it_names_until_they_have_seen_it(team: Desk) -> None:
    noted(team, "@ANA and @ben, and @nobody")
    noted(team, "again @ana", conversation_id=2, seconds=2)

    assert [note.mentions for note in notes_of(1)] == [("Ben", "ana")]
    assert (mentioning(ANA_ID), mentioning(BEN_ID), mentioning(None)) == ([2, 1], [1], [])
    version = version_of_all()

    seen = MarkMentionsSeen(1, ANA_ID, at(5), receipt=Future())
    assert team.answers(seen) == [Done()]

    assert (mentioning(ANA_ID), mentioning(BEN_ID)) == ([2], [1])
    assert [is_mention_unseen(number, ANA_ID) for number in (1, 2)] == [False, True]
    assert [note.mentions for note in notes_of(1)] == [("Ben", "ana")]
    assert version_of_all() != version


def test_the_latest_mentions_come_first_with_their_author(team: Desk) -> None:
    noted(team, "@ana")
    noted(team, "@ana", conversation_id=2, seconds=2)
    noted(team, "@ana", seconds=3)

    latest = latest_mentions(ANA_ID, limit=2)

    assert [(each.conversation.contact.psid, each.author, each.at) for each in latest] == [
        (ANNA.psid, "cleo", at(3)),
        (BEN.psid, "cleo", at(2)),
    ]
    assert latest_mentions(BEN_ID, limit=2) == ()


def test_authors_know_of_what_they_write_themselves(team: Desk) -> None:
    noted(team, "Remember, @ana", author_id=ANA_ID)

    assert mentioning(ANA_ID) == []
    assert notes_of(1)[0].mentions == ("ana",)


def test_a_mention_stays_text_once_its_operator_is_removed(team: Desk) -> None:
    note_id = noted(team, "@ana")

    team.do(RemoveOperator(ANA_ID))

    assert find_note(1, note_id) == NoteRecord(
        id=note_id, author="cleo", text="@ana", created_at=at(1)
    )
    assert mentioning(ANA_ID) == []


@pytest.mark.parametrize("end", ["note", "conversation"])
def test_a_mention_ends_with_its_note_and_its_conversation(team: Desk, end: str) -> None:
    note_id = noted(team, "@ana")

    if end == "note":
        team.do(RemoveNote(note_id))
    else:
        Conversation.delete().where(Conversation.id == 1).execute()

    assert (Mention.select().count(), mentioning(ANA_ID)) == (0, [])


def test_a_closed_conversation_is_found_too_and_one_of_another_account_is_not(team: Desk) -> None:
    Conversation.update(status="closed").where(Conversation.id == 1).execute()
    noted(team, "@ana")

    assert mentioning(ANA_ID) == [1]
    assert mentioning(ANA_ID, account_id="another") == []


def test_a_note_that_names_no_one_stores_no_mention(team: Desk) -> None:
    noted(team, "an@ana.com \x00 \ud800 @nobody")

    assert (Note.select().count(), Mention.select().count()) == (1, 0)
    assert find_note(2, 1) is None
