from enum import StrEnum


class Right(StrEnum):
    """What somebody may do; each includes those before it."""

    READS = "reads"
    ANSWERS = "answers"
    ADMINISTERS = "administers"

    def includes(self, other: "Right") -> bool:
        """Tell whether whoever has this right has the other one too."""
        rights = tuple(Right)
        return rights.index(self) >= rights.index(other)
