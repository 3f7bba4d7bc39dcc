from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickReply:
    """A short answer to tap; Instagram shows up to 13, each title up to 20 characters."""

    title: str = field(repr=False)
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Opens an address, or comes back as a postback: just one of the two is set."""

    title: str = field(repr=False)
    url: str | None = None
    payload: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One element of a generic template; up to 10 of them stand side by side."""

    title: str = field(repr=False)
    subtitle: str = field(default="", repr=False)
    image_url: str | None = None
    url: str | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A picture, video, sound or file that Instagram fetches from a public address."""

    type: str
    """`image`, `video`, `audio` or `file`."""
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """A sign put on a message of the contact's, or taken off it again."""

    mid: str
    emoji: str | None = field(default=None, repr=False)
    """Also a name that Instagram knows, such as `love`; None takes the sign off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What one message says. Text may go with quick replies or buttons; all else goes alone."""

    text: str = field(default="", repr=False)
    media: Media | None = None
    quick_replies: tuple[QuickReply, ...] = ()
    buttons: tuple[Button, ...] = ()
    """A button template under `text`; up to 3."""
    cards: tuple[Card, ...] = ()
    is_heart: bool = False
    """Instagram's heart sticker."""
    reaction: Reaction | None = None
    """Not a message of its own: nothing is shown but the sign."""
    reply_to_mid: str | None = None
    """Shown by Instagram as an answer to that message."""
