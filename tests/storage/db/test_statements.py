from moca.core.messages.inbound import MessageArrived
from moca.core.types import Priority
from moca.storage.db.statements import Prepared, Selection
from moca.storage.db.tables import Message, QueueItem
from tests.storage.desk import Desk, webhook, wrote
from tests.support.factory import ANNA, BEN, NOON, at
from tests.support.values import of_kind

_SINCE = Prepared(
    Message,
    lambda since, limit: (
        Message.select(Message.mid, Message.created_at, Message.processed)
        .where((Message.created_at >= since) & (Message.kind == "message"))
        .order_by(Message.id.desc())
        .limit(limit)
    ),
)


def test_the_values_of_each_time_are_asked_with_in_their_places(desk: Desk) -> None:
    for number in range(3):
        desk.do(webhook(wrote(f"m{number}"), seconds=number))

    assert _SINCE.rows(at(1), 9) == [["m2", at(2), False], ["m1", at(1), False]]
    assert _SINCE.rows(at(0), 1) == [["m2", at(2), False]]
    assert _SINCE.rows(at(3), 9) == []


def test_a_query_may_have_no_values_and_a_value_may_be_a_named_number(desk: Desk) -> None:
    desk.queue(desk.receive("m1"), priority=Priority.LOW)
    every = Prepared(QueueItem, lambda: QueueItem.select(QueueItem.id))
    of_priority = Prepared(
        QueueItem,
        lambda priority: QueueItem.select(QueueItem.id).where(QueueItem.priority == priority),
    )

    assert every.rows() == [[1]]
    assert (of_priority.rows(Priority.LOW), of_priority.rows(Priority.HIGH)) == ([[1]], [])


_BY_MID = Selection(
    lambda: (
        Message.select(Message.mid, Message.created_at, Message.processed)
        .where(Message.kind == "message")
        .order_by(Message.id.desc())
    ),
    Message.mid,
)


def test_rows_come_in_the_querys_order_with_instants_and_truth_values(desk: Desk) -> None:
    desk.do(webhook(wrote("m1", "hello"), wrote("m2", "é \"quoted\" 'text'")))
    assert _BY_MID.among(["m1", "m2", "m3"]) == [["m2", NOON, False], ["m1", NOON, False]]


def test_nothing_is_asked_of_the_database_for_no_values(desk: Desk) -> None:
    assert _BY_MID.among([]) == []


def test_there_may_be_more_values_than_a_statement_has_variables(desk: Desk) -> None:
    desk.do(webhook(wrote("m1", "hello")))
    assert len(_BY_MID.among([f"m{number}" for number in range(50_000)])) == 1


def test_values_are_data_whatever_they_hold(desk: Desk) -> None:
    odd = "'; drop table message; -- \" \\ é"
    desk.do(webhook(wrote(odd, "hello")))
    assert [mid for mid, *_ in _BY_MID.among([odd])] == [odd]


def test_only_a_contacts_first_message_says_that_it_is_the_first(desk: Desk) -> None:
    first, second = desk.do(webhook(wrote("m1", "hello"), wrote("m2", "again")))
    (third,) = desk.do(webhook(wrote("m3", "once more", contact=ANNA)))
    (other,) = desk.do(webhook(wrote("m4", "hello", contact=BEN)))
    assert [of_kind(each, MessageArrived).is_first for each in (first, second, third, other)] == [
        True,
        False,
        False,
        True,
    ]
