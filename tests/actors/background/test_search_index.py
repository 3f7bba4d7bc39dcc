from collections.abc import Callable

from actors.background.jobs import BackgroundConfig
from moca.core.content.search_words import search_terms
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Message
from moca.storage.search.lookup import ids_with
from tests.support.system import SteppedSystem


def found(system: SteppedSystem, words: str) -> list[str]:
    with system._database.connection_context():
        query = Message.select(Message.text).order_by(Message.id)
        ids = ids_with("message", search_terms(words), limit=10)
        return [text for (text,) in read_rows(query.where(Message.id << ids))]


def test_a_message_is_found_within_seconds(open_system: Callable[..., SteppedSystem]) -> None:
    system = open_system(background=BackgroundConfig(indexes=True))
    system.receive("Where is my order?")
    system.advance(5)
    assert found(system, "order") == ["Where is my order?"]

    system.receive("And my refund?")
    system.advance(5)
    assert found(system, "refund") == ["And my refund?"]


def test_a_crash_loses_nothing_that_was_to_be_indexed(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(background=BackgroundConfig(indexes=True))
    for number in range(5):
        system.receive(f"question {number}")
    system.crash()
    system.start()
    system.advance(5)
    assert [f"question {number}" in found(system, "question") for number in range(5)] == [True] * 5
