from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Something sent with a message or as one; its media stays with Instagram."""

    type: str
    url: str | None = field(default=None, repr=False)
    """Expires within days; None where Instagram told none."""
    title: str = field(default="", repr=False)
    id: str | None = None
    """Of the post, reel or story that was shared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The story that a message answers."""

    id: str | None = None
    url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """What brought a contact into the thread: a link, an ad, a product."""

    ref: str = ""
    source: str = ""
    type: str = ""
    ad_id: str | None = None
    ad_title: str = ""
    photo_url: str | None = field(default=None, repr=False)
    video_url: str | None = field(default=None, repr=False)
    product_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What came with a contact's text."""

    attachments: tuple[Attachment, ...] = ()
    payload: str | None = field(default=None, repr=False)
    """What a tapped quick reply or button carries."""
    referral: Referral | None = None
    reply_to_mid: str | None = None
    story: Story | None = None
    media_id: str | None = None
    """What a comment stands under."""
    parent_id: str | None = None
    """The comment that a comment answers."""
