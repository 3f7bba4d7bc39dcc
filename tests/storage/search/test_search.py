from datetime import UTC
from typing import Any

from moca.core.messages.housekeeping import IndexWords, WordsIndexed
from moca.core.messages.operator_actions import EraseContact
from moca.core.search_query import read_search
from moca.core.types import ContactKey
from moca.storage.db.search_tables import ChangedWords
from moca.storage.db.tables import Contact, Message
from moca.storage.queries.search import SearchReader, SearchResults, search
from tests.storage.desk import Desk
from tests.storage.search.words import index_all
from tests.support.factory import ANNA, BEN, NOON, at
from tests.support.values import only


def results(
    text: str,
    limit: int = 10,
    after: tuple[int, ...] | None = None,
    **reader: Any,
) -> SearchResults:
    by = SearchReader(**{"at": at(100), "zone": UTC, **reader})
    return search(read_search(text), by, limit=limit, after=after)


def found(text: str, limit: int = 10, **reader: Any) -> list[str]:
    return [each.mid for each in results(text, limit, **reader).messages]


def people(text: str, **reader: Any) -> list[str]:
    return [each.contact.psid for each in results(text, **reader).conversations]


def named(contact: ContactKey, **names: Any) -> None:
    Contact.update(**names).where(Contact.psid == contact.psid).execute()


def test_messages_of_both_sides_are_found_by_their_words(desk: Desk) -> None:
    desk.receive("m1", "Where is my CAFÉ crème?", 0, ANNA)
    desk.queue(1, text="The cafe is on its way.")
    desk.receive("m2", "Hello", 9, BEN)
    index_all(desk)

    assert found("cafe") == ["moca-2", "m1"]
    assert found("CRÈME cafe") == ["m1"]
    assert found("caf") == ["moca-2", "m1"]
    none = ("caf.", "afe", "cafe hello", "?!", "'*\":-& | x")
    assert [found(each) for each in none] == [[]] * 5


def test_contacts_are_found_by_name_handle_and_id(desk: Desk) -> None:
    for number, contact in enumerate((ANNA, BEN)):
        desk.receive(f"m{number}", "hello", number, contact)
    index_all(desk)
    named(ANNA, name="Ánna Lund", username="anna.lund_99")
    index_all(desk)

    for words in ("anna", "@anna.lund_99", "lund ann", "99", ANNA.psid):
        assert people(words) == [ANNA.psid]
    assert people("lundanna") == []
    assert people(ANNA.psid[:5]) == [BEN.psid, ANNA.psid]
    named(ANNA, name=None, username=None)
    index_all(desk)
    assert people("anna") == []


def test_a_search_goes_on_where_it_ended(desk: Desk) -> None:
    for number in range(5):
        desk.receive(f"m{number}", "hello", number)
    index_all(desk)

    first = results("hello", 2)
    second = results("hello", 2, first.next_key)
    third = results("hello", 2, second.next_key)

    assert [[each.mid for each in hit.messages] for hit in (first, second, third)] == [
        ["m4", "m3"],
        ["m2", "m1"],
        ["m0"],
    ]
    assert (third.next_key, second.conversations) == (None, ())


def test_old_messages_are_indexed_from_the_latest_on_while_new_ones_come_first(desk: Desk) -> None:
    for number in range(12):
        desk.receive(f"m{number}", "hello", number)
    assert results("hello").indexed_percent == 0
    percents = []
    for _ in range(2):
        event = only(desk.do(IndexWords(1)), WordsIndexed)
        percents.append(event.percent)
    assert found("hello", 20) == ["m11", "m10", "m9", "m8"]

    desk.receive("new", "hello", 20)
    desk.do(IndexWords(1), IndexWords(1))
    assert found("hello", 20)[:2] == ["new", "m11"]
    assert percents == [0, 33]
    index_all(desk, 1)
    assert found("hello", 20) == ["new", *(f"m{number}" for number in range(11, -1, -1))]
    assert desk.do(IndexWords(1)) == (WordsIndexed(has_more=False, percent=100),)


def test_a_text_that_changes_is_found_by_its_new_words_only(desk: Desk) -> None:
    desk.receive("m1", "apples", 0)
    desk.receive("m2", "cherries", 1)
    index_all(desk)
    Message.update(text="pears").where(Message.mid == "m1").execute()
    assert (found("apples"), found("pears")) == ([], [])
    index_all(desk)

    assert (found("apples"), found("pears"), found("cherries")) == ([], ["m1"], ["m2"])
    assert ChangedWords.select().count() == 0


def test_a_text_that_changes_before_it_is_indexed_is_found_by_its_new_words_only(
    desk: Desk,
) -> None:
    desk.receive("m1", "apples", 0)
    Message.update(text="pears").execute()
    index_all(desk)

    assert (found("apples"), found("pears")) == ([], ["m1"])


def test_what_is_erased_is_not_found_and_what_comes_later_is(desk: Desk) -> None:
    desk.receive("m1", "secret", 0, ANNA)
    desk.receive("m2", "secret", 1, BEN)
    named(ANNA, name="Anna")
    index_all(desk)
    desk.do(EraseContact(ANNA, NOON))

    assert (found("secret"), people("anna")) == (["m2"], [])
    desk.receive("m3", "secret", 2, ANNA)
    index_all(desk)
    assert found("secret") == ["m3", "m2"]


def test_nothing_is_lost_when_all_indexed_messages_are_deleted(desk: Desk) -> None:
    desk.receive("m1", "one", 0)
    index_all(desk)
    desk.do(EraseContact(ANNA, NOON))
    assert desk.do(IndexWords(9)) == (WordsIndexed(has_more=False, percent=100),)
    desk.receive("m2", "two", 1)
    index_all(desk)

    assert found("two") == ["m2"]


def test_a_text_that_changes_twice_is_indexed_as_it_is(desk: Desk) -> None:
    desk.receive("m1", "apples", 0)
    index_all(desk)
    for text in ("pears", "plums", "grapes"):
        Message.update(text=text).execute()
    index_all(desk, 1)

    assert [found(each) for each in ("apples", "pears", "plums", "grapes")] == [[], [], [], ["m1"]]
