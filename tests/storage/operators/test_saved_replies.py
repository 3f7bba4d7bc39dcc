from concurrent.futures import Future
from typing import Any

from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.saved_replies import (
    MAX_SAVED_REPLIES,
    AddSavedReply,
    ChangeSavedReply,
    RemoveSavedReply,
)
from moca.storage.db.operator_tables import SavedReply
from moca.storage.queries.saved_replies import (
    SavedReplyRecord,
    find_saved_reply,
    list_saved_replies,
)
from tests.storage.desk import Desk

SAME_NAME = Conflict("another saved reply has this name; choose a different one")
SAME_SHORTCUT = Conflict("another saved reply has this shortcut; choose a different one")
HOURS = SavedReplyRecord(id=1, name="Hours", shortcut="h", text="At nine.")


def add(name: str, shortcut: str = "", text: str = "At nine.") -> AddSavedReply:
    return AddSavedReply(name, shortcut, text, receipt=Future())


def change(reply_id: int, **changes: Any) -> ChangeSavedReply:
    return ChangeSavedReply(reply_id, **changes, receipt=Future())


def test_saved_replies_are_listed_by_name(desk: Desk) -> None:
    assert desk.answers(add("Returns"), add("Hours", "h"), add("Address")) == [
        Done(1),
        Done(2),
        Done(3),
    ]

    assert [(each.id, each.name, each.shortcut) for each in list_saved_replies()] == [
        (3, "Address", None),
        (2, "Hours", "h"),
        (1, "Returns", None),
    ]


def test_no_two_have_the_same_name_or_shortcut(desk: Desk) -> None:
    first, same_name, same_shortcut = add("Hours", "h"), add("Hours"), add("Help", "h")

    assert desk.answers(first, same_name, same_shortcut) == [Done(1), SAME_NAME, SAME_SHORTCUT]
    assert list_saved_replies() == (HOURS,)


def test_what_is_given_of_a_saved_reply_is_changed(desk: Desk) -> None:
    desk.do(add("Hours", "h"), add("Returns", "r"))

    assert desk.answers(
        change(1, text="At ten."),
        change(1, name="Hours", shortcut="h"),
        change(1, shortcut=""),
        change(1),
        change(2, name="Hours"),
        change(9, name="Nothing"),
    ) == [Done(), Done(), Done(), Done(), SAME_NAME, NotFound()]
    assert find_saved_reply(1) == SavedReplyRecord(
        id=1, name="Hours", shortcut=None, text="At ten."
    )


def test_a_saved_reply_is_removed_once(desk: Desk) -> None:
    desk.do(add("Hours"))
    gone = [RemoveSavedReply(1, receipt=Future()), RemoveSavedReply(1, receipt=Future())]

    assert desk.answers(*gone) == [Done(), NotFound()]
    assert find_saved_reply(1) is None


def test_there_is_a_limit_to_their_number(desk: Desk) -> None:
    desk.do(*(add(f"Reply {number}") for number in range(MAX_SAVED_REPLIES)))

    assert desk.answers(add("One more")) == [
        Conflict("there are 200 saved replies already; remove one first")
    ]
    assert SavedReply.select().count() == MAX_SAVED_REPLIES
