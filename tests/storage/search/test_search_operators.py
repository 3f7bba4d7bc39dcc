from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from moca.core.messages.labels import AddLabel, LabelColour, LabelConversation
from moca.core.search_query import InvalidSearch
from moca.core.types import Author
from moca.storage.db.tables import Conversation
from moca.storage.search import messages as message_search
from tests.storage.desk import Desk
from tests.storage.search.test_search import found, named, people, results
from tests.storage.search.words import index_all
from tests.support.factory import ANNA, BEN, NOON

DAY = 86_400


@pytest.fixture(params=[message_search.RARE, 0], ids=["rare words", "frequent words"])
def two(desk: Desk, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Desk:
    """Anna and Ben wrote of an order, and the bot, an operator and the app answered Anna."""
    monkeypatch.setattr(message_search, "RARE", request.param)
    desk.receive("a1", "my order", 0, ANNA)
    desk.receive("b1", "an order", 1, BEN)
    for number, author in enumerate((Author.BOT, Author.OPERATOR, Author.HUMAN)):
        name = "Ada" if author is Author.OPERATOR else None
        desk.queue(text=f"order {number}", author=author, author_name=name, seconds=5 + number)
    named(ANNA, name="Anna Lund", username="anna.lund")
    named(BEN, name="Ben", username="ben_lund")
    index_all(desk)
    return desk


def changed(conversation_id: int, **columns: Any) -> None:
    Conversation.update(**columns).where(Conversation.id == conversation_id).execute()


@pytest.mark.parametrize(
    ("text", "mids"),
    [
        ("from:anna", ["a1"]),
        ("from:@ben_lund order", ["b1"]),
        ("from:lund", ["b1", "a1"]),
        ('from:"anna lund" my', ["a1"]),
        ("from:anna an", []),
        ("from:zoe", []),
        (f"from:{ANNA.psid}", ["a1"]),
        ("from:bot", ["moca-3"]),
        ("from:team order", ["moca-5", "moca-4"]),
        ("from:me", ["moca-4"]),
        ("from:anna from:bot", ["moca-3", "a1"]),
    ],
)
def test_who_wrote_is_named(two: Desk, text: str, mids: list[str]) -> None:
    assert found(text, name="Ada") == mids


def test_days_are_the_readers(two: Desk) -> None:
    midnight = timedelta(hours=12).total_seconds()
    for number, seconds in enumerate((midnight - 1, midnight, midnight + DAY)):
        two.receive(f"d{number}", "order", seconds, BEN)
    index_all(two)
    today, tomorrow = NOON.date(), NOON.date() + timedelta(days=1)

    assert found(f"after:{tomorrow} order") == ["d2", "d1"]
    assert found(f"after:{tomorrow} before:{tomorrow + timedelta(days=1)}") == ["d1"]
    assert found(f"from:ben before:{tomorrow}") == ["d0", "b1"]
    assert found(f"before:{today}") == []
    assert found(f"after:{tomorrow}", zone=ZoneInfo("Etc/GMT+1")) == ["d2"]
    assert people(f"anna after:{today}") == []


def test_lists_and_labels_narrow_a_search_and_alone_list_conversations(two: Desk) -> None:
    two.do(AddLabel("Very important", LabelColour.RED))
    two.do(LabelConversation(1, (1,)))
    changed(2, status="closed")

    assert found('order label:"very important"') == ["moca-5", "moca-4", "moca-3", "a1"]
    assert found("order is:closed") == ["b1"]
    assert found('order is:closed label:"very important"') == []
    assert people("lund is:closed") == [BEN.psid]
    assert people("is:closed") == [BEN.psid]
    assert people('label:"VERY important"') == [ANNA.psid]
    assert people('label:"very important" is:open is:unassigned') == [ANNA.psid]
    assert people('label:"very important" is:closed') == []
    with pytest.raises(InvalidSearch, match="No label is named “other”"):
        found("label:other")


def test_mine_is_the_readers_and_no_ones_without_an_account(two: Desk) -> None:
    changed(1, assignee_id=7)
    assert [people("is:mine", operator_id=each) for each in (7, 8, None)] == [[ANNA.psid], [], []]
    assert [found("my is:mine", operator_id=each) for each in (7, None)] == [["a1"], []]


def test_conversations_are_paged(two: Desk) -> None:
    first = results("is:open", 1)
    second = results("is:open", 1, first.next_key)
    listed = [each.contact.psid for hit in (first, second) for each in hit.conversations]
    assert (sorted(listed), second.next_key) == (sorted([ANNA.psid, BEN.psid]), None)


def test_a_narrowed_search_looks_at_so_many_and_the_next_page_goes_on(
    two: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_search, "LOOKED_AT", 2)
    monkeypatch.setattr(message_search, "_FIRST_CHUNK", 2)

    first = results("order from:bot", 2)
    assert (first.messages, first.next_key) == ((), (4,))
    second = results("order from:bot", 2, first.next_key)
    assert [each.mid for each in second.messages] == ["moca-3"]


def test_a_contact_with_several_conversations_is_found_in_all(two: Desk) -> None:
    changed(1, status="closed")
    two.receive("a2", "another order", 50, ANNA)
    index_all(two)

    assert found("from:anna order") == ["a2", "a1"]
    assert found("from:anna order", 1) == ["a2"]


def test_rare_words_of_a_contact_are_found_however_much_they_wrote_since(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(message_search, "LOOKED_AT", 2)
    desk.receive("a1", "a giraffe", 0, ANNA)
    for number in range(2, 9):
        desk.receive(f"a{number}", "an order", number, ANNA)
    named(ANNA, name="Anna")
    index_all(desk)

    assert found("from:anna giraffe") == ["a1"]
    assert results("from:anna elephant").next_key is None
