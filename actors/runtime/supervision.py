from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Crash:
    """The loggable part of a failure: where it happened, never what the message held."""

    actor: str
    doing: str
    """The type of the message, or the hook, that was running."""
    error: BaseException
    handled: bool
    """The actor continued, or its failure was escalated."""


@dataclass(frozen=True, slots=True)
class RestartBudget:
    """How often an actor may be restarted before it is given up."""

    restarts: int = 3
    window: timedelta = timedelta(minutes=1)

    def spend(
        self, earlier: tuple[datetime, ...], now: datetime
    ) -> tuple[bool, tuple[datetime, ...]]:
        """Return whether another restart is allowed, and which restarts count from now on."""
        # A restart that seems to lie ahead was counted before the clock was set back.
        recent = tuple(at for at in earlier if now - self.window < at <= now)
        if len(recent) >= self.restarts:
            return False, recent
        return True, (*recent, now)
