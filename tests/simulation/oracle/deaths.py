from datetime import datetime
from typing import NamedTuple


class Death(NamedTuple):
    """An end of the process."""

    at: datetime
    """What the machine's clock showed."""
    last_step_id: int
    """The last step of a journey that was on disk; tells what came after, however clocks went."""
