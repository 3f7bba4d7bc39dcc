"""What a run says at its end."""

from collections import Counter
from collections.abc import Iterator

from tests.soak.run import SoakResult
from tests.soak.surroundings import PER_SECOND

_SHOWN = 20


def report(result: SoakResult) -> Iterator[str]:
    """Yield the lines of the table, and all that was wrong."""
    told = result.verdict
    for name, number in sorted(result.faults.items()):
        yield f"{number:6}  {name}"
    yield f"{told.acked:6}  messages acknowledged"
    yield f"{told.answered:6}  answered by the bot"
    yield f"{told.unanswered_for_an_operator:6}  contacts whose bot an operator silenced"
    yield f"{told.unanswered_for_a_restore:6}  contacts cut off by a restore"
    since = f", since {told.most_since:%H:%M:%S.%f}" if told.most_since else ""
    yield f"{told.most_in_a_second:6}  at most in a second, of {PER_SECOND} allowed{since}"
    for what, found in (
        ("contacts never acknowledged", told.not_acked),
        ("contacts lost", told.lost),
        ("contacts answered twice", told.twice),
        ("operators' replies lost", told.operator_lost),
        ("operators' replies sent twice, or though refused", told.operator_twice),
    ):
        yield f"{len(found):6}  {what}{': ' if found else ''}{', '.join(found[:_SHOWN])}"
    for each, number in Counter(result.broken).items():
        yield f"broken, {number} times: {each}"
