from dataclasses import dataclass, field
from datetime import datetime

from moca.core.content.attachments import ReceivedContent
from moca.core.types import ContactKey


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """A contact wrote, or tapped something that counts as writing."""

    contact: ContactKey
    mid: str
    kind: str = "message"
    """`message`, `postback`, `comment` or `live_comment`; ids repeat across kinds."""
    type: str = "text"
    """`text`, `story_reply`, `quick_reply`, the first attachment's type, or `unsupported`."""
    text: str = field(default="", repr=False)
    received: ReceivedContent | None = field(default=None, repr=False)
    """The content beside the text; None if there is only text."""
    sent_at: datetime | None = None
    """Instagram's own timestamp; None if missing or unreadable."""
    unanswerable: str | None = None
    """Why the bot must not answer (dashboard test, thread of another app); None if it may."""
    is_standby: bool = False
    """Whether it shows that another app controls the thread."""
    username: str | None = field(default=None, repr=False)
    """The contact's handle, which only comments carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """The account itself wrote: through Moca, or in the Instagram app."""

    contact: ContactKey
    mid: str
    text: str = field(default="", repr=False)
    type: str = "text"
    received: ReceivedContent | None = field(default=None, repr=False)
    """The content beside the text; None if there is only text."""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEvent:
    """Any other event: stored with its kind, never answered."""

    kind: str
    contact: ContactKey | None = None
    account_id: str = ""
    mid: str | None = None
    """The id of the message it concerns."""
    key: str = ""
    """Identifies repeated deliveries; if empty, only the webhook's body is stored."""
    sent_at: datetime | None = None
    detail: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def is_unreadable(self) -> bool:
        """Whether Moca could make nothing of it."""
        return self.kind in {"unreadable", "unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """A message was unsent, by its author or by the account."""

    event: OtherEvent
    mid: str
    by_account: bool = False

    @property
    def contact(self) -> ContactKey | None:
        """The contact of the conversation; None if Instagram did not name one."""
        return self.event.contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A message was edited. Number 0 only hints that an edit exists."""

    event: OtherEvent
    mid: str
    number: int
    text: str = field(default="", repr=False)
    message: InboundMessage | None = field(default=None, repr=False)
    """The message as it reads now; None if its text or author is missing."""

    @property
    def contact(self) -> ContactKey | None:
        """The contact of the conversation; None if Instagram did not name one."""
        return self.event.contact


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadControl:
    """Control of a thread passed from one app to another."""

    event: OtherEvent
    contact: ContactKey
    is_ours: bool
    """Whether Moca may answer in the thread from now on."""


Event = InboundMessage | Echo | OtherEvent | Deletion | Edit | ThreadControl
