from collections.abc import Iterator
from dataclasses import dataclass, field

from moca.core.content.attachments import Received
from moca.core.content.content import Content
from moca.core.types import COMMENT_KINDS, Author, Role
from moca.storage.queries.conversation_page import Happening, Line
from moca.storage.queries.records import MessageRecord

_BY = {Author.BOT: "bot", Author.OPERATOR: "operator", Author.HUMAN: "in the Instagram app"}


@dataclass(frozen=True, slots=True)
class Link:
    """Something to look at elsewhere; without an address only its name is shown."""

    label: str
    url: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """A message as a conversation's page shows it."""

    line: Line
    by: str
    """Who of the account's side wrote it; empty for the contact."""
    about: tuple[str, ...]
    """What it stands in: a story, a comment, an answer."""
    links: tuple[Link, ...]
    taps: tuple[str, ...] = field(repr=False)
    sign: str | None
    """What was put on it last."""
    edits: tuple[str, ...] = field(repr=False)
    """How it read at other times."""

    @property
    def message(self) -> MessageRecord:
        """What was written."""
        return self.line.message

    @property
    def is_ours(self) -> bool:
        """Whether the account said it."""
        return self.line.message.role is Role.ASSISTANT


def bubble_of(line: Line) -> Bubble:
    """Make of a stored message what is shown of it."""
    message = line.message
    edits = [each.detail.get("text", "") for each in line.happenings if each.kind == "edit"]
    return Bubble(
        line=line,
        by=message.author_name or _BY.get(message.author, ""),
        about=tuple(_about(line)),
        links=tuple(_links(line.received, line.said)),
        taps=() if line.said is None else tuple(_taps(line.said)),
        sign=_sign(line.happenings),
        edits=tuple(text for text in edits if text and text != message.text),
    )


def _about(line: Line) -> Iterator[str]:
    message, received = line.message, line.received
    if message.kind in COMMENT_KINDS:
        yield "a comment under a post" if message.kind == "comment" else "a comment in a live video"
    if line.comment_id is not None and message.role is Role.ASSISTANT:
        yield "a private reply to a comment"
    if message.kind == "postback":
        yield "tapped a button"
    elif message.type == "quick_reply":
        yield "tapped a quick reply"
    answered = line.said or received
    if answered is not None and answered.reply_to_mid is not None:
        yield "answers a message above"
    if received is not None and received.story is not None:
        yield "answers your story"
    if received is not None and received.referral is not None:
        referral = received.referral
        came_by = referral.ad_title or referral.source or referral.type or "a link"
        yield f"came by {came_by}"
    if any(each.kind == "edit" for each in line.happenings):
        yield "edited"


def _links(received: Received | None, said: Content | None) -> Iterator[Link]:
    if received is not None:
        for each in received.attachments:
            yield Link(each.title or each.type.replace("_", " "), _web(each.url))
        if received.story is not None:
            yield Link("the story", _web(received.story.url))
    if said is not None and said.media is not None:
        yield Link(said.media.type, _web(said.media.url))
    if said is not None and said.is_heart:
        yield Link("a heart")
    if said is not None:
        yield from (Link(f"card: {card.title}", _web(card.url)) for card in said.cards)


def _taps(said: Content) -> Iterator[str]:
    yield from (each.title for each in said.quick_replies)
    yield from (each.title for each in said.buttons)
    yield from (each.title for card in said.cards for each in card.buttons)


def _sign(happenings: tuple[Happening, ...]) -> str | None:
    signs = [each.detail for each in happenings if each.kind == "reaction"]
    if not signs or signs[-1].get("action") == "unreact":
        return None
    return signs[-1].get("emoji") or signs[-1].get("reaction") or "a reaction"


def _web(url: str | None) -> str:
    # Nothing that somebody sent may become a script behind a link.
    return url if url is not None and url.startswith(("https://", "http://")) else ""
