from dataclasses import dataclass, field
from datetime import datetime

from moca.core.content.attachments import Received
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
    received: Received | None = field(default=None, repr=False)
    """What came with the text; None where there is only text."""
    sent_at: datetime | None = None
    """Instagram's own timestamp; None where there was no readable one."""
    unanswerable: str | None = None
    """Why the bot must not answer (a dashboard test, another app's thread); None if it may."""
    is_standby: bool = False
    """Whether it shows that another app holds the thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """The account itself wrote: Moca, or a person in the Instagram app."""

    contact: ContactKey
    mid: str
    text: str = field(default="", repr=False)
    type: str = "text"
    received: Received | None = field(default=None, repr=False)
    """What went with the text; None where there is only text."""
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherEvent:
    """Anything else that Instagram tells: stored with its kind, answered by nobody."""

    kind: str
    contact: ContactKey | None = None
    account_id: str = ""
    mid: str | None = None
    """The message it is about."""
    key: str = ""
    """The same when it comes again; where empty, only the webhook's body is kept."""
    sent_at: datetime | None = None
    detail: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """A message was unsent, by its writer or by the account."""

    event: OtherEvent
    mid: str
    by_account: bool = False

    @property
    def contact(self) -> ContactKey | None:
        """With whom it was; None where Instagram did not tell."""
        return self.event.contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A message was changed; number 0 only hints that there is one."""

    event: OtherEvent
    mid: str
    number: int
    text: str = field(default="", repr=False)
    message: InboundMessage | None = field(default=None, repr=False)
    """The message as it reads now; None where text or writer is not told."""

    @property
    def contact(self) -> ContactKey | None:
        """With whom it was; None where Instagram did not tell."""
        return self.event.contact


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadControl:
    """A thread passed from one app to another."""

    event: OtherEvent
    contact: ContactKey
    is_ours: bool
    """Whether Moca may answer in it from now on."""


Event = InboundMessage | Echo | OtherEvent | Deletion | Edit | ThreadControl
