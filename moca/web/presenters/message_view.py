from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from moca.core.content.content import Content
from moca.core.reasons import Reason
from moca.core.types import COMMENT_KINDS, Author, Role
from moca.storage.queries.conversation_page import ConversationEvent, ThreadMessage
from moca.storage.queries.records import MessageRecord
from moca.web.presenters.contact_view import from_meta

_SHOWN_INLINE = ("image", "video", "audio")
_BY = {Author.BOT: "Bot", Author.OPERATOR: "Team", Author.HUMAN: "Instagram app"}


@dataclass(frozen=True, slots=True)
class MessageLink:
    """Something to open; without a URL only its name is shown."""

    label: str
    url: str = field(default="", repr=False)
    kind: str = ""
    """`image`, `video` or `audio` if the page itself shows it."""
    is_upload: bool = False
    """Whether it is a file that the team attached, so that its address lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A message as a conversation's page shows it."""

    line: ThreadMessage
    by: str
    """The author on the account's side; empty for the contact."""
    about: tuple[str, ...]
    """Its context: a story, a comment, a reply."""
    links: tuple[MessageLink, ...]
    taps: tuple[str, ...] = field(repr=False)
    reaction: str | None
    """The current reaction."""
    edits: tuple[str, ...] = field(repr=False)
    """Earlier and later versions of the text."""

    @property
    def message(self) -> MessageRecord:
        """Return the stored message."""
        return self.line.message

    @property
    def is_ours(self) -> bool:
        """Return whether the account wrote it."""
        return self.line.message.role is Role.ASSISTANT


def message_view(line: ThreadMessage) -> MessageView:
    """Convert a stored message for display."""
    message = line.message
    edits = [each.detail.get("text", "") for each in line.events if each.kind == "edit"]
    return MessageView(
        line=line,
        by=message.author_name or _BY.get(message.author, ""),
        about=tuple(_about(line)),
        links=tuple(_links(line)),
        taps=() if line.said is None else tuple(_taps(line.said)),
        reaction=_reaction(line.events),
        edits=tuple(text for text in edits if text and text != message.text),
    )


_DECIDED_WITHOUT_REPLY = (Reason.NO_REPLY_WANTED, Reason.HANDED_OVER)


def exchange_ids(views: Sequence[MessageView]) -> frozenset[int]:
    """Return the messages that stand for an exchange with the bot, one for each.

    They are the bot's replies, and messages that it left or handed over without one.
    """
    messages = [view.message for view in views]
    answering = {each.reply_id for each in messages}
    return frozenset(
        each.id
        for each in messages
        if (each.author is Author.BOT and each.id in answering)
        or (each.reply_id is None and each.reason in _DECIDED_WITHOUT_REPLY)
    )


def _about(line: ThreadMessage) -> Iterator[str]:
    message, received = line.message, line.received
    if message.kind in COMMENT_KINDS:
        yield "Comment on a post" if message.kind == "comment" else "Comment on a live video"
    if line.comment_id is not None and message.role is Role.ASSISTANT:
        yield "Private reply to a comment"
    if message.kind == "postback":
        yield "Tapped a button"
    elif message.type == "quick_reply":
        yield "Tapped a quick reply"
    answered = line.said or received
    if answered is not None and answered.reply_to_mid is not None:
        yield "Reply to an earlier message"
    if received is not None and received.story is not None:
        yield "Reply to your story"
    if received is not None and received.referral is not None:
        referral = received.referral
        came_by = referral.ad_title or referral.source or referral.type or "link"
        yield f"Came from: {came_by}"
    if any(each.kind == "edit" for each in line.events):
        yield "Edited"


def _links(line: ThreadMessage) -> Iterator[MessageLink]:
    received, said = line.received, line.said
    if received is not None:
        for each in received.attachments:
            label = each.title or each.type.replace("_", " ")
            yield MessageLink(label, _web(each.url), _kind(each.type, each.url))
        if received.story is not None:
            yield MessageLink("Story", _web(received.story.url))
    if said is not None and said.media is not None and said.media.is_upload:
        yield _upload_link(line, said.media.type)
    elif said is not None and said.media is not None:
        kind = _kind(said.media.type, said.media.url)
        yield MessageLink(said.media.type, _web(said.media.url), kind)
    if said is not None and said.is_heart:
        yield MessageLink("Heart")
    if said is not None:
        yield from (MessageLink(f"Card: {card.title}", _web(card.url)) for card in said.cards)


def _upload_link(line: ThreadMessage, media_type: str) -> MessageLink:
    upload = line.upload
    if upload is None:
        return MessageLink(media_type)
    url = f"/conversations/{line.message.conversation_id}/uploads/{upload.id}"
    kind = media_type if media_type in _SHOWN_INLINE else ""
    return MessageLink(upload.name, url, kind, is_upload=True)


def _kind(media_type: str, url: str | None) -> str:
    return media_type if media_type in _SHOWN_INLINE and from_meta(url) else ""


def _taps(said: Content) -> Iterator[str]:
    yield from (each.title for each in said.quick_replies)
    yield from (each.title for each in said.buttons)
    yield from (each.title for card in said.cards for each in card.buttons)


def _reaction(events: tuple[ConversationEvent, ...]) -> str | None:
    reactions = [each.detail for each in events if each.kind == "reaction"]
    if not reactions or reactions[-1].get("action") == "unreact":
        return None
    return reactions[-1].get("emoji") or reactions[-1].get("reaction") or "Reaction"


def _web(url: str | None) -> str:
    # Nothing that a contact sent may become a script behind a link.
    return url if url is not None and url.startswith(("https://", "http://")) else ""
