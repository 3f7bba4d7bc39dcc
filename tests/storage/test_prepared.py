from moca.core.vocabulary import Priority
from moca.storage.models import Message, QueueItem
from moca.storage.prepared import Prepared
from tests.making import at
from tests.storage.desk import webhook, wrote

_SINCE = Prepared(
    Message,
    lambda since, limit: (
        Message.select(Message.mid, Message.created_at, Message.processed)
        .where((Message.created_at >= since) & (Message.kind == "message"))
        .order_by(Message.id.desc())
        .limit(limit)
    ),
)


def test_the_values_of_each_time_are_asked_with_in_their_places(desk) -> None:
    for number in range(3):
        desk.do(webhook(wrote(f"m{number}"), seconds=number))

    assert _SINCE.rows(at(1), 9) == [["m2", at(2), False], ["m1", at(1), False]]
    assert _SINCE.rows(at(0), 1) == [["m2", at(2), False]]
    assert _SINCE.rows(at(3), 9) == []


def test_a_query_may_have_no_values_and_a_value_may_be_a_named_number(desk) -> None:
    desk.queue(desk.hear("m1"), priority=Priority.LOW)
    every = Prepared(QueueItem, lambda: QueueItem.select(QueueItem.id))
    of_priority = Prepared(
        QueueItem,
        lambda priority: QueueItem.select(QueueItem.id).where(QueueItem.priority == priority),
    )

    assert every.rows() == [[1]]
    assert (of_priority.rows(Priority.LOW), of_priority.rows(Priority.HIGH)) == ([[1]], [])
