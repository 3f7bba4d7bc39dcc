from collections.abc import Sequence
from datetime import timedelta

from moca.core.conversation.snapshot import Inbound

_MAX_REMEMBERED = 100


def is_comparable(message: Inbound) -> bool:
    """Return whether a repeat of this message may be dropped: typed text only, never a tap."""
    return message.kind == "message" and message.type == "text" and bool(message.text)


def first_equal(
    message: Inbound, remembered: Sequence[Inbound], window: timedelta
) -> Inbound | None:
    """Return the message that this one repeats within the window, or None if it is new."""
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
    """Add a message to the remembered ones and drop those that have expired.

    Their number is bounded.
    """
    if not is_comparable(message):
        return remembered
    # Age counts by receipt, not by the clock: after a restart, messages are processed again long
    # after their receipt. Later messages stay: an edited message is processed again at its receipt
    # time.
    fresh = tuple(each for each in remembered if message.received_at - each.received_at < window)
    return (*fresh, message)[-_MAX_REMEMBERED:]


def _is_shortly_before(earlier: Inbound, message: Inbound, window: timedelta) -> bool:
    # Not if the clock was set back in between: the elapsed time is unknown then.
    return timedelta(0) <= message.received_at - earlier.received_at < window
