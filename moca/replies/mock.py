from dataclasses import dataclass

from moca.core.content.content import Content
from moca.replies.generator import ReplyRequest

MOCK_TEXT = "This would be an AI generated message"


@dataclass(frozen=True, slots=True)
class MockGenerator:
    """Answers everything with the same text."""

    text: str = MOCK_TEXT
    needs_history: int = 0
    needs_name: bool = False
    is_sample: bool = True

    def reply(self, request: ReplyRequest) -> Content:  # noqa: ARG002
        """Make the one reply it knows."""
        return Content(text=self.text)
