from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """Media or a shared post sent with a message or as one.

    The media itself stays with Instagram.
    """

    type: str
    url: str | None = field(default=None, repr=False)
    """Expires within days; None if Instagram sent none."""
    title: str = field(default="", repr=False)
    id: str | None = None
    """The id of the shared post, reel or story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The story to which a message replies."""

    id: str | None = None
    url: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """What brought a contact into the conversation: a link, an ad or a product."""

    ref: str = ""
    source: str = ""
    type: str = ""
    ad_id: str | None = None
    ad_title: str = ""
    photo_url: str | None = field(default=None, repr=False)
    video_url: str | None = field(default=None, repr=False)
    product_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedContent:
    """The content of a contact's message beside its text."""

    attachments: tuple[Attachment, ...] = ()
    payload: str | None = field(default=None, repr=False)
    """The payload of a tapped quick reply or button."""
    referral: Referral | None = None
    reply_to_mid: str | None = None
    story: Story | None = None
    media_id: str | None = None
    """The id of the post under which a comment stands."""
    parent_id: str | None = None
    """The id of the comment to which a comment replies."""
