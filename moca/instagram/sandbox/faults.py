from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from moca.instagram.sandbox.responses import SandboxResponse
from moca.instagram.sandbox.threads import SandboxMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Hooks that simulate faults of Instagram; by default there are none.

    Each is called at one point of the work, outside the stand-in's lock, and may also block.
    """

    before_send: Callable[[str], SandboxResponse | None] = lambda _psid: None
    """Refuses a send to a contact before anything happens; None accepts it."""
    after_send: Callable[[SandboxMessage, SandboxResponse], SandboxResponse] = (
        lambda _message, answer: answer
    )
    """Changes the answer to a send that was delivered."""
    is_recorded: Callable[[SandboxMessage, datetime], bool] = lambda _message, _now: True
    """Returns whether the Conversations API shows a message by now."""
    media_bytes: Callable[[str], int | None] = lambda _url: 0
    """Returns the size of the media at a URL; None if it cannot be fetched."""
    webhooks: Callable[[bytes], tuple[bytes, ...]] = lambda body: (body,)
    """Chooses what is sent for a webhook: nothing, it, or several copies of it."""
