from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from flask import request

from moca.web.pagination import read_row_id

MAX_SELECTED = 100
"""How many conversations can be changed at once, and how many of them undone."""
Undoable = Literal["closed", "snoozed"]


class UndoOffer(NamedTuple):
    """What has just been done to conversations and can be undone."""

    done: Undoable
    ids: tuple[int, ...]

    @property
    def text(self) -> str:
        """What was done, for display."""
        if len(self.ids) == 1:
            return f"Conversation {self.done}."
        return f"{len(self.ids)} conversations {self.done}."


def undo_place(done: Undoable, ids: Sequence[int]) -> dict[str, str]:
    """Return what the URL of the next page says, so that it offers to undo."""
    return {done: "-".join(map(str, ids))}


def undo_offer() -> UndoOffer | None:
    """Return what the request's URL says was done, or None if it says nothing of it."""
    for done in get_args(Undoable):
        ids = [read_row_id(each) for each in request.args.get(done, "").split("-")]
        known = tuple(each for each in ids if each is not None)
        if 1 <= len(known) <= MAX_SELECTED:
            return UndoOffer(done, known)
    return None
