from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """What the doctor says of one thing: that it is fine, or the one thing to do."""

    name: str
    is_fine: bool
    told: str


def fine(name: str, told: str) -> Line:
    """Say that it is as it should be."""
    return Line(name, is_fine=True, told=told)


def wrong(name: str, told: str) -> Line:
    """Say what to do."""
    return Line(name, is_fine=False, told=told)
