from datetime import UTC, datetime


def in_text(at: datetime) -> str:
    """Write an instant within a text; pages show it in the reader's time zone."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
