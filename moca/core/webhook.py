from dataclasses import dataclass, field
from datetime import datetime

from moca.core.contact import ContactKey


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """A contact wrote, or tapped something that counts as writing."""

    contact: ContactKey
    mid: str
    kind: str = "message"
    """`message` or `postback`; ids repeat across kinds."""
    type: str = "text"
    """`text`, or the first attachment's type, or `unsupported`."""
    text: str = field(default="", repr=False)
    sent_at: datetime | None = None
    """Instagram's own timestamp; None where there was no readable one."""
    unanswerable: str | None = None
    """Why the bot must not answer (a dashboard test, another app's thread); None if it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """The account itself wrote: Moca, or a person in the Instagram app."""

    contact: ContactKey
    mid: str
    text: str = field(default="", repr=False)
    type: str = "text"
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEvent:
    """Anything else Instagram tells; kept raw, counted by kind, answered by nobody."""

    kind: str
    contact: ContactKey | None = None


Event = InboundMessage | Echo | OtherEvent
