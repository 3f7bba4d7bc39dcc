"""The queue's head, however long the queue."""

import pytest

from moca.core.messages import FindPending
from moca.core.vocabulary import Author, Priority
from tests.making import at

BY_HAND = {"author": Author.OPERATOR}


def test_what_is_for_later_hides_nothing_that_is_due(desk):
    desk.hear("m1")
    for number in range(4):
        desk.queue(scheduled_for=at(900 + number), priority=Priority.HIGH, **BY_HAND)
    due = [desk.queue(priority=Priority.LOW), desk.queue(scheduled_for=at(60), **BY_HAND)]

    (found,) = desk.do(FindPending(2, at(6), at(66)))
    assert found.replies == (due[1], due[0])


def test_of_many_that_have_become_due_the_urgent_and_the_oldest_are_found(desk):
    desk.hear("m1")
    desk.queue(scheduled_for=at(50), priority=Priority.LOW, **BY_HAND)
    first, second = (desk.queue(scheduled_for=at(due), **BY_HAND) for due in (40, 30))
    urgent = desk.queue(scheduled_for=at(55), priority=Priority.HIGH, **BY_HAND)

    (found,) = desk.do(FindPending(2, at(60), at(60)))
    assert found.replies == (urgent, first)
    (found,) = desk.do(FindPending(3, at(60), at(60)))
    assert found.replies == (urgent, first, second)


@pytest.mark.parametrize("kind", ["sqlite"], indirect=True)
def test_the_queues_head_is_read_off_its_indexes(desk, database, monkeypatch):
    read = []
    execute = database.execute_sql
    monkeypatch.setattr(
        database, "execute_sql", lambda *asked: read.append(asked) or execute(*asked)
    )
    desk.do(FindPending(9, at(60), at(60)))
    heads = [asked for asked in read if 'FROM "queue_item"' in asked[0] and "LIMIT" in asked[0]]
    assert len(heads) == 1 + len(Priority)
    plans = [
        " ".join(row[-1] for row in execute(f"EXPLAIN QUERY PLAN {sql}", values))
        for sql, values in heads
    ]
    assert ["TEMP B-TREE" in plan for plan in plans] == [False] * len(heads)
    assert ["INDEX queue_item_at_once" in plan for plan in plans] == [True, False, False, False]
    assert ["INDEX queue_item_later" in plan for plan in plans] == [False, True, True, True]
