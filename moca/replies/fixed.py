from dataclasses import dataclass

from moca.core.content.content import Content
from moca.replies.generator import GeneratedReply, ReplyRequest


@dataclass(frozen=True, slots=True)
class FixedGenerator:
    """Replies with one text to every message; the last of a chain, as a fallback."""

    text: str
    needs_history: int = 0
    needs_name: bool = False

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("text: must not be empty")

    def reply(self, request: ReplyRequest) -> GeneratedReply:  # noqa: ARG002
        """Return the fixed text."""
        return GeneratedReply(Content(text=self.text), "fixed text")


MOCK_TEXT = "This would be an AI generated message"


@dataclass(frozen=True, slots=True)
class MockGenerator:
    """Replies to everything with the same text."""

    text: str = MOCK_TEXT
    needs_history: int = 0
    needs_name: bool = False
    is_sample: bool = True
    is_ai: bool = True

    def reply(self, request: ReplyRequest) -> Content:  # noqa: ARG002
        """Return the text."""
        return Content(text=self.text)
