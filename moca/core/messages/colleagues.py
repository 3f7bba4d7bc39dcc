from dataclasses import dataclass, field
from datetime import datetime

from moca.core.messages.receipt import Receipt


@dataclass(frozen=True, slots=True)
class AddNote:
    """Write something about a conversation that only colleagues see. Web -> Persistence."""

    conversation_id: int
    author: str
    text: str = field(repr=False)
    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class RemoveNote:
    """Take a note away again. Web -> Supervisor -> Persistence."""

    note_id: int
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class MarkRead:
    """Somebody who answers has looked at a conversation. Web -> Supervisor -> Persistence."""

    conversation_id: int
    at: datetime
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class SaveAnswer:
    """Keep an answer that is given often, or replace one. Web -> Supervisor -> Persistence."""

    name: str
    text: str = field(repr=False)
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class RemoveSavedAnswer:
    """Keep a saved answer no longer. Web -> Supervisor -> Persistence."""

    answer_id: int
    receipt: Receipt | None = field(default=None, repr=False, compare=False)


Collaboration = AddNote | RemoveNote | MarkRead | SaveAnswer | RemoveSavedAnswer
"""What operators do that contacts never see."""
