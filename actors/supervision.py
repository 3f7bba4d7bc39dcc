from dataclasses import dataclass
from datetime import datetime, timedelta
from traceback import walk_tb

FRAMES_TOLD = 6


@dataclass(frozen=True, slots=True)
class Crash:
    """What may be said of a failure: where it was, and never what the message held."""

    actor: str
    doing: str
    """The type of the message, or the hook, that was at work."""
    error: BaseException
    handled: bool
    """The actor went on, or somebody was told that it could not."""


def where_raised(error: BaseException) -> str:
    """Name the innermost frames of the traceback, outermost first, without any value."""
    frames = [
        f"{frame.f_code.co_filename}:{line} in {frame.f_code.co_name}"
        for frame, line in walk_tb(error.__traceback__)
    ]
    return " > ".join(frames[-FRAMES_TOLD:])


@dataclass(frozen=True, slots=True)
class RestartBudget:
    """How often an actor may be started again before it is given up."""

    restarts: int = 3
    window: timedelta = timedelta(minutes=1)

    def spend(
        self, earlier: tuple[datetime, ...], now: datetime
    ) -> tuple[bool, tuple[datetime, ...]]:
        """Say whether one more is allowed, and which restarts count from now on."""
        # A restart that seems to lie ahead was counted before the clock was set back.
        recent = tuple(at for at in earlier if now - self.window < at <= now)
        if len(recent) >= self.restarts:
            return False, recent
        return True, (*recent, now)
