import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from actors.gaps import LOOK_EVERY
from actors.graph import Graph
from actors.keepers import Keeping
from actors.responder import Recall, recall_nothing
from moca.replies.generator import ReplyGenerator
from moca.storage.writer import Writer


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What the actors meet at the edges of the system."""

    open_writer: Callable[[], Writer]
    generator: ReplyGenerator
    responders: int = 8
    """How many replies that may take their time are made at once."""
    recall: Recall = recall_nothing
    """Where a generator reads what was said before; called on the responders' threads."""
    connect: Callable[[], Graph]
    keeping: Keeping = field(default_factory=Keeping)
    draw: Callable[[], float] = random.random
    observers: Sequence[Callable[[object], None]] = ()
    """Shown every event of a send or of the database, to count and to log."""
    look_for_gaps_every: timedelta = LOOK_EVERY
    shows_typing: bool = False
    """Whether contacts see that a reply is being made."""
    escalate: Callable[[BaseException], None] | None = None
    """Told when an actor that everything depends on was given up."""
