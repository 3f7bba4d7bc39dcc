from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple, get_args

from flask import request

from moca.core.messages.command import Done
from moca.storage.queries.pagination import instant_of, microseconds_of
from moca.web.commands import CommandResult
from moca.web.errors import Problem
from moca.web.pagination import read_row_id

MAX_SELECTED = 100
"""How many conversations can be changed at once, and how many of them undone."""
DONE_AT = "done_at"
"""The parameter and the field that say when something was done."""
Undoable = Literal["closed", "snoozed"]


class UndoOffer(NamedTuple):
    """What has just been done to conversations and can be undone."""

    done: Undoable
    ids: tuple[int, ...]
    at: datetime
    """Names what is undone: it may have been done again since."""

    @property
    def place(self) -> dict[str, str]:
        """What the URL of the next page says, so that it offers to undo."""
        return {self.done: "-".join(map(str, self.ids)), DONE_AT: str(self.at_us)}

    @property
    def at_us(self) -> int:
        """When it was done, in microseconds, for the form."""
        return microseconds_of(self.at)

    @property
    def text(self) -> str:
        """What was done, for display."""
        if len(self.ids) == 1:
            return f"Conversation {self.done}."
        return f"{len(self.ids)} conversations {self.done}."


def offer_of(
    done: Undoable, results: Mapping[int, CommandResult], at: datetime
) -> UndoOffer | None:
    """Return what can be undone, by each conversation's result; None if nothing can.

    The second request of a double click offers what the first has done. If a repeated form has
    done the rest of its work only now, that is offered alone.
    """
    times = {
        each: result.done_at or at for each, result in results.items() if isinstance(result, Done)
    }
    if not times:
        return None
    latest = max(times.values())
    return UndoOffer(done, tuple(each for each in times if times[each] == latest), latest)


def done_at() -> datetime:
    """Return when what the form undoes was done.

    Raises:
        Problem: 422 if the form does not say so.
    """
    at_us = read_row_id(request.form.get(DONE_AT, ""))
    if at_us is None:
        raise Problem(422, "This page is out of date. Reload it, then choose again.")
    return instant_of(at_us)


def undo_offer() -> UndoOffer | None:
    """Return what the request's URL says was done, or None if it says nothing of it."""
    at_us = read_row_id(request.args.get(DONE_AT, ""))
    for done in get_args(Undoable):
        ids = [read_row_id(each) for each in request.args.get(done, "").split("-")]
        known = tuple(each for each in ids if each is not None)
        if at_us is not None and 1 <= len(known) <= MAX_SELECTED:
            return UndoOffer(done, known, instant_of(at_us))
    return None
