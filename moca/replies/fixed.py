from dataclasses import dataclass

from moca.core.content.content import Content
from moca.replies.generator import ReplyRequest, Say


@dataclass(frozen=True, slots=True)
class FixedGenerator:
    """Says one text to everybody; the last of a chain, so that nobody waits for nothing."""

    text: str
    needs_history: int = 0
    needs_name: bool = False

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("text: must say something")

    def reply(self, request: ReplyRequest) -> Say:  # noqa: ARG002
        """Say it."""
        return Say(Content(text=self.text), "the fixed text")
