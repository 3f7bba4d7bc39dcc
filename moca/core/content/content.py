from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickReply:
    """A short answer to tap. Instagram shows up to 13, with titles of up to 20 characters."""

    title: str = field(repr=False)
    payload: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Opens a URL or comes back as a postback. Exactly one of `url` and `payload` is set."""

    title: str = field(repr=False)
    url: str | None = None
    payload: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One element of a generic template; a template holds up to 10."""

    title: str = field(repr=False)
    subtitle: str = field(default="", repr=False)
    image_url: str | None = None
    url: str | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """An image, video, audio clip or file that Instagram fetches from a public URL."""

    type: str
    """`image`, `video`, `audio` or `file`."""
    url: str = field(repr=False)
    is_upload: bool = False
    """Whether it is a file that an operator attached; its URL ends once it is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """A reaction set on a contact's message, or removed from it."""

    mid: str
    emoji: str | None = field(default=None, repr=False)
    """An emoji or a name that Instagram knows, such as `love`; None removes the reaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """The content of one message.

    Text may carry quick replies or buttons; all else is sent alone.
    """

    text: str = field(default="", repr=False)
    media: Media | None = None
    quick_replies: tuple[QuickReply, ...] = ()
    buttons: tuple[Button, ...] = ()
    """Sent as a button template with `text`; at most 3."""
    cards: tuple[Card, ...] = ()
    is_heart: bool = False
    """Instagram's heart sticker."""
    reaction: Reaction | None = None
    """Sent instead of a message; only the reaction is shown."""
    reply_to_mid: str | None = None
    """The message to which Instagram shows this as a reply."""
