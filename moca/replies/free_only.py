from dataclasses import dataclass
from datetime import datetime

from moca.core.content.content import Content
from moca.core.replay_comparison import unasked
from moca.replies.generator import GeneratedReply, Reply, ReplyGenerator, ReplyRequest


@dataclass(frozen=True, slots=True)
class FreeOnlyGenerator:
    """Replaces a generator that may cost money: calls it from an instant on, or never."""

    name: str
    generator: ReplyGenerator
    asked_from: datetime | None

    @property
    def needs_history(self) -> int:
        """Return the need of the replaced generator, if that is ever called."""
        return 0 if self.asked_from is None else self.generator.needs_history

    def reply(self, request: ReplyRequest) -> Reply:
        """Return its reply, or a note that it would have been asked.

        Raises:
            GenerationError: If there is no reply.
        """
        if self.asked_from is not None and request.now >= self.asked_from:
            return self.generator.reply(request)
        return GeneratedReply(Content(text=unasked(self.name)), "not called in a rehearsal")
