from datetime import timedelta

from moca.core.replay_comparison import Rehearsal, ReplayOutcome, ReplayVerdict

TOTALS = (
    (ReplayVerdict.SAME, "the same reply, or unanswered for the same reason"),
    (ReplayVerdict.CHANGED, "a different reply"),
    (ReplayVerdict.ANOTHER_TIME, "the same reply, more than 5 s earlier or later"),
    (ReplayVerdict.NOW_ANSWERED, "unanswered before"),
    (ReplayVerdict.NO_LONGER_ANSWERED, "answered before"),
    (ReplayVerdict.ANOTHER_END, "unanswered before and now, for another reason"),
    (ReplayVerdict.NOT_REPLAYED, "unsent or erased since, nothing left to replay"),
)
"""Every verdict and its meaning."""


def said(ending: ReplayOutcome) -> str:
    """Return the reply, or why there was none."""
    if ending.is_answered:
        return ending.said or f"({ending.type})"
    if ending.outcome is None:
        return "open"
    return f"{ending.outcome}: {ending.because}" if ending.because else str(ending.outcome)


def sent(ending: ReplayOutcome) -> str:
    """Return how long after its receipt a message was answered."""
    if not ending.is_answered:
        return ""
    return "pending" if ending.sent_after is None else span(ending.sent_after)


def span(time: timedelta) -> str:
    """Format a duration in the most readable unit."""
    seconds = time.total_seconds()
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"


def notes(rehearsal: Rehearsal) -> tuple[str, ...]:
    """Return remarks that the figures do not show."""
    counts = {
        "Replies from a generator that may cost money and was not called (use --with-model)": (
            rehearsal.unasked
        ),
        "Webhooks erased or unreadable": rehearsal.unreadable,
        "Differences not shown (use --limit)": (rehearsal.different - len(rehearsal.differences)),
    }
    return tuple(f"{what}: {count}" for what, count in counts.items() if count)
