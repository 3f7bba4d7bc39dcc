from dataclasses import dataclass
from datetime import datetime

from moca.core.content.content import Content
from moca.core.replay_comparison import unasked
from moca.replies.generator import Reply, ReplyGenerator, ReplyRequest, Say


@dataclass(frozen=True, slots=True)
class SparedGenerator:
    """Stands for a generator that may cost money: it is asked from an instant on, or never."""

    name: str
    generator: ReplyGenerator
    asked_from: datetime | None

    @property
    def needs_history(self) -> int:
        """As much as the one it stands for, where that is ever asked."""
        return 0 if self.asked_from is None else self.generator.needs_history

    def reply(self, request: ReplyRequest) -> Reply:
        """Have it answer, or tell that it would.

        Raises:
            GenerationError: there is no reply.
        """
        if self.asked_from is not None and request.now >= self.asked_from:
            return self.generator.reply(request)
        return Say(Content(text=unasked(self.name)), "not asked in a rehearsal")
