from dataclasses import dataclass

from moca.replies.generator import ReplyRequest

MOCK_TEXT = "This would be an AI generated message"


@dataclass(frozen=True, slots=True)
class MockGenerator:
    """Answers everything with the same text."""

    text: str = MOCK_TEXT

    def reply(self, request: ReplyRequest) -> str:  # noqa: ARG002
        """Make the one reply it knows."""
        return self.text
