import regex
import structlog

log = structlog.get_logger()

MAX_SLOW_PATTERNS = 10
"""After so many that took too long, no pattern is tried for the same reply."""
_MAX_SECONDS_EACH = 0.1


class PatternSearch:
    """Looks for patterns in what one reply answers, for a second in all at most if they are slow.

    Without an end, one bot's patterns would keep the threads that reply for all others.
    """

    def __init__(self) -> None:
        self._slow = 0

    def finds(self, pattern: regex.Pattern[str], text: str, rule: str) -> bool | None:
        """Return whether a rule's pattern is in a text; None if that took too long."""
        if self._slow == MAX_SLOW_PATTERNS:
            return None
        try:
            return pattern.search(text, timeout=_MAX_SECONDS_EACH) is not None
        except TimeoutError:
            log.warning("pattern_too_slow", rule=rule)
            self._slow += 1
            return None
