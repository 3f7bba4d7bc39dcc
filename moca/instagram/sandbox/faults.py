from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from moca.instagram.sandbox.responses import Answer
from moca.instagram.sandbox.threads import SandboxMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Where the stand-in can go wrong on purpose; as it stands it never does.

    Each is asked at one point of the work, outside the stand-in's lock, and may also block.
    """

    before_send: Callable[[str], Answer | None] = lambda _psid: None
    """Refuses a send to a person before anything happened; None lets it through."""
    after_send: Callable[[SandboxMessage, Answer], Answer] = lambda _message, answer: answer
    """Changes what the sender is told of a message that did arrive."""
    is_recorded: Callable[[SandboxMessage, datetime], bool] = lambda _message, _now: True
    """Tells whether the Conversations API shows a message by now."""
    media_bytes: Callable[[str], int | None] = lambda _url: 0
    """Tells how large the media at an address is; None where it cannot be fetched."""
    webhooks: Callable[[bytes], tuple[bytes, ...]] = lambda body: (body,)
    """Chooses what goes out for a webhook: nothing, it, or it more than once."""
