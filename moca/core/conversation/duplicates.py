from collections.abc import Sequence
from datetime import timedelta

from moca.core.conversation.snapshot import Inbound

_MOST_REMEMBERED = 100


def is_comparable(message: Inbound) -> bool:
    """Tell whether a repeat of this message may be dropped: typed text only, never a tap."""
    return message.kind == "message" and message.type == "text" and bool(message.text)


def first_saying(
    message: Inbound, remembered: Sequence[Inbound], window: timedelta
) -> Inbound | None:
    """Find the message that this one repeats within the window; None if it says something new."""
    if not is_comparable(message):
        return None
    return next(
        (
            earlier
            for earlier in remembered
            if earlier.text == message.text and _is_shortly_before(earlier, message, window)
        ),
        None,
    )


def remember(
    message: Inbound, remembered: tuple[Inbound, ...], window: timedelta
) -> tuple[Inbound, ...]:
    """Add a saying to those remembered, without the ones that ran out; bounded."""
    if not is_comparable(message):
        return remembered
    # Not by the clock: after a restart, what is heard again was said some time ago. What came
    # after this message stays: an edited one is heard anew at the time at which it came.
    fresh = tuple(each for each in remembered if message.received_at - each.received_at < window)
    return (*fresh, message)[-_MOST_REMEMBERED:]


def _is_shortly_before(earlier: Inbound, message: Inbound, window: timedelta) -> bool:
    # Not so where the clock was set back in between: how much time passed is not known then.
    return timedelta(0) <= message.received_at - earlier.received_at < window
