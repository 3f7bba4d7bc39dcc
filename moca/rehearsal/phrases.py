from datetime import timedelta

from moca.core.replay_comparison import Ending, Rehearsal, Verdict

TOTALS = (
    (Verdict.SAME, "answered as then, or left alone for the same reason"),
    (Verdict.CHANGED, "answered in other words"),
    (Verdict.ANOTHER_TIME, "answered alike, more than 5 s sooner or later"),
    (Verdict.NOW_ANSWERED, "left alone then"),
    (Verdict.NO_LONGER_ANSWERED, "answered then"),
    (Verdict.ANOTHER_END, "left alone then and now, for another reason"),
    (Verdict.NOT_REPLAYED, "unsent or erased since, so that nothing is left to replay"),
)
"""Every verdict, and what it means."""


def said(ending: Ending) -> str:
    """Tell what was said, or why nothing was."""
    if ending.is_answered:
        return ending.said or f"({ending.type})"
    if ending.outcome is None:
        return "open"
    return f"{ending.outcome}: {ending.because}" if ending.because else str(ending.outcome)


def sent(ending: Ending) -> str:
    """Tell how long after its receipt a message was answered."""
    if not ending.is_answered:
        return ""
    return "not yet" if ending.sent_after is None else span(ending.sent_after)


def span(time: timedelta) -> str:
    """Tell a span in the unit that reads best."""
    seconds = time.total_seconds()
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} s"


def notes(rehearsal: Rehearsal) -> tuple[str, ...]:
    """Tell what the figures do not."""
    counts = {
        "Replies by a generator that may cost money and was not asked (--with-model asks it)": (
            rehearsal.unasked
        ),
        "Webhooks that were erased or cannot be read": rehearsal.unreadable,
        "Differences not shown (--limit shows more)": (
            rehearsal.different - len(rehearsal.differences)
        ),
    }
    return tuple(f"{what}: {count}" for what, count in counts.items() if count)
