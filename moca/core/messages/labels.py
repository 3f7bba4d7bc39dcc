from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from moca.core.messages.command import AuditText, AwaitedCommand

MAX_LABELS = 100
MAX_LABELS_OF_CONVERSATION = 10
MAX_LABEL_LENGTH = 40


class LabelColour(StrEnum):
    """A colour of the palette, each readable in light and dark."""

    GREY = "grey"
    RED = "red"
    ORANGE = "orange"
    GREEN = "green"
    TEAL = "teal"
    BLUE = "blue"
    PURPLE = "purple"
    PINK = "pink"


@dataclass(frozen=True, slots=True)
class AddLabel(AwaitedCommand):
    """Store a new label. Web -> Persistence."""

    new_row: ClassVar[str] = "label"

    name: str
    colour: LabelColour

    def audit_text(self) -> AuditText:
        return AuditText("added a label")


@dataclass(frozen=True, slots=True)
class ChangeLabel(AwaitedCommand):
    """Change what is given of a label. Web -> Persistence."""

    label_id: int
    name: str | None = None
    colour: LabelColour | None = None

    def audit_text(self) -> AuditText:
        return AuditText("changed a label", f"label {self.label_id}")


@dataclass(frozen=True, slots=True)
class RemoveLabel(AwaitedCommand):
    """Remove a label from all conversations. Web -> Persistence."""

    label_id: int

    def audit_text(self) -> AuditText:
        return AuditText("removed a label", f"label {self.label_id}")


@dataclass(frozen=True, slots=True)
class LabelConversation(AwaitedCommand):
    """Change the labels of a conversation. Web -> Persistence."""

    conversation_id: int
    added: tuple[int, ...] = ()
    removed: tuple[int, ...] | None = ()
    """None removes all that are not added."""

    def audit_text(self) -> AuditText:
        what = "changed the labels of a conversation"
        return AuditText(what, f"conversation {self.conversation_id}")
