from concurrent.futures import Future
from typing import Any

import pytest

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.housekeeping import ApplyRetention, RetentionApplied
from moca.core.messages.labels import (
    MAX_LABELS,
    AddLabel,
    ChangeLabel,
    LabelColour,
    LabelConversation,
    RemoveLabel,
)
from moca.core.messages.operator_actions import EraseContact
from moca.storage.db.operator_tables import ConversationLabel, Label
from moca.storage.db.rows import read_rows
from moca.storage.db.tables import Conversation
from moca.storage.queries.contacts import export_contact
from moca.storage.queries.labels import find_label, find_label_named, labels_of, list_labels
from moca.storage.queries.records import LabelRecord
from tests.storage.desk import Desk
from tests.support.factory import ANNA, BEN, NOON, at

GREY, RED = LabelColour.GREY, LabelColour.RED
SAME_NAME = Conflict("another label has this name; choose a different one")
GONE = Conflict("this label has been removed")


def add(name: str, colour: LabelColour = GREY) -> AddLabel:
    return AddLabel(name, colour, receipt=Future())


def change(label_id: int, **changes: Any) -> ChangeLabel:
    return ChangeLabel(label_id, **changes, receipt=Future())


def remove(label_id: int) -> RemoveLabel:
    return RemoveLabel(label_id, receipt=Future())


def label(
    *added: int, removed: tuple[int, ...] | None = (), conversation_id: int = 1
) -> LabelConversation:
    return LabelConversation(conversation_id, added, removed, receipt=Future())


def names(conversation_id: int = 1) -> list[str]:
    return [each.name for each in labels_of([conversation_id]).get(conversation_id, ())]


@pytest.fixture
def labelled(desk: Desk) -> Desk:
    """Conversations with Anna and Ben, and the labels 1 Refund, 2 angry and 3 VIP."""
    desk.receive("m1")
    desk.receive("m2", contact=BEN)
    desk.do(add("Refund"), add("angry", RED), add("VIP"))
    return desk


def test_labels_are_listed_by_name_without_regard_to_case(labelled: Desk) -> None:
    assert list_labels() == (
        LabelRecord(2, "angry", RED),
        LabelRecord(1, "Refund", GREY),
        LabelRecord(3, "VIP", GREY),
    )
    assert find_label_named("\uff32efund") == find_label_named("REFUND") == find_label(1)
    assert find_label_named("nothing") is None


def test_no_two_have_the_same_name_in_whatever_case(labelled: Desk) -> None:
    assert labelled.answers(
        add("REFUND"), change(2, name="vip"), change(2, name="Angry"), change(2, colour=GREY)
    ) == [SAME_NAME, SAME_NAME, Done(), Done()]
    assert find_label(2) == LabelRecord(2, "Angry", GREY)
    assert labelled.answers(change(9, name="x"), change(1)) == [NotFound(), Done()]


def test_there_is_a_limit_to_their_number(desk: Desk) -> None:
    desk.do(*(add(f"Label {number}") for number in range(MAX_LABELS)))
    assert desk.answers(add("One more")) == [
        Conflict("there are 100 labels already; remove one first")
    ]
    assert desk.answers(remove(1), add("One more")) == [Done(), Done(101)]


def test_a_conversation_is_labelled(labelled: Desk) -> None:
    assert labelled.answers(
        label(1, 2), label(1), label(3, removed=(2, 9)), label(conversation_id=9)
    ) == [Done(), Done(), Done(), NotFound()]
    assert names() == ["Refund", "VIP"]
    assert names(2) == []

    assert labelled.answers(label(2, removed=None), label(1, 9)) == [Done(), GONE]
    assert names() == ["angry"]


def test_a_conversation_has_at_most_ten_labels(labelled: Desk) -> None:
    labelled.do(*(add(f"Label {number}") for number in range(8)))
    ten, all_of_them = tuple(range(2, 12)), tuple(range(1, 12))
    full = Conflict("a conversation has at most 10 labels; remove one first")

    assert labelled.answers(label(*all_of_them), label(*ten), label(1)) == [full, Done(), full]
    assert labelled.answers(label(1, removed=(2,)), label(1)) == [Done(), Done()]
    assert len(names()) == 10


def test_labels_keep_the_time_of_the_conversation_s_latest_activity(labelled: Desk) -> None:
    labelled.do(label(1), label(1, conversation_id=2))
    labelled.receive("m3", seconds=30)
    labelled.do(label(2))
    labelled.send(labelled.queue(seconds=40), seconds=41)

    query = ConversationLabel.select().order_by(
        ConversationLabel.conversation, ConversationLabel.label
    )
    assert list(query.tuples()) == [(1, 1, at(41)), (1, 2, at(41)), (2, 1, at(0))]
    assert Conversation.get_by_id(1).last_activity_at == at(41)


def test_a_removed_label_is_gone_at_once_and_its_rows_in_batches(labelled: Desk) -> None:
    labelled.do(label(1, 2), label(1, 2, conversation_id=2))

    assert list(labelled.do(remove(1), remove(1))) == [RetentionApplied(has_more=True)]
    assert (find_label(1), find_label_named("refund")) == (None, None)
    assert (names(), [each.name for each in list_labels()]) == (["angry"], ["angry", "VIP"])
    assert labelled.answers(label(1), change(1, name="x"), remove(1), add("Refund")) == [
        GONE,
        NotFound(),
        NotFound(),
        Done(4),
    ]

    counts = []
    for _ in range(4):
        labelled.do(ApplyRetention(at(1), None, 1))
        rows = ConversationLabel.select().where(ConversationLabel.label == 1)
        counts.append((rows.count(), Label.select().where(Label.id == 1).count()))
    assert counts == [(1, 1), (0, 1), (0, 0), (0, 0)]
    assert (names(), names(2)) == (["angry"], ["angry"])


def test_an_erased_contact_leaves_no_label_behind(labelled: Desk) -> None:
    labelled.do(label(1), label(1, conversation_id=2))
    exported = export_contact(ANNA) or {}
    assert exported["conversations"][0]["labels"] == ["Refund"]

    labelled.do(EraseContact(ANNA, NOON))

    left = ConversationLabel.select(ConversationLabel.conversation)
    assert (list(read_rows(left)), len(list_labels())) == ([(2,)], 3)
