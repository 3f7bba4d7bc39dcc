"""What a fault is."""

from typing import Protocol

from tests.soak.schedule import DrawnFault, FaultKind
from tests.soak.subject import Subject


class Fault(Protocol):
    """Something that goes wrong, for a while or at once."""

    @property
    def kind(self) -> FaultKind:
        """How it is drawn."""

    def begin(self, subject: Subject, drawn: DrawnFault) -> None:
        """Break something."""

    def end(self, subject: Subject, drawn: DrawnFault) -> None:
        """Mend it again."""
