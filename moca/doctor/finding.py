from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: that all is well, or the one thing to do."""

    name: str
    is_fine: bool
    text: str


def fine(name: str, text: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(name, is_fine=True, text=text)


def wrong(name: str, text: str) -> Finding:
    """Return a finding that says what to do."""
    return Finding(name, is_fine=False, text=text)
