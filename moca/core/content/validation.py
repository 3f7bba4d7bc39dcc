from collections.abc import Iterator
from itertools import chain
from urllib.parse import urlsplit

from moca.core.content.content import Button, Card, Content, QuickReply

MAX_REPLY_BYTES = 10_000
"""Of a whole reply; it goes out in parts."""

LONGEST_BUTTON_TEXT = 640
LONGEST_TITLE = 80
LONGEST_TAP_TITLE = 20
LONGEST_PAYLOAD = 1000
LONGEST_URL = 2000
MOST_QUICK_REPLIES = 13
MOST_BUTTONS = 3
MOST_CARDS = 10
MEDIA_TYPES = ("image", "video", "audio", "file")


def fault_in(content: Content) -> str | None:
    """Say why Instagram would not take this, quoting nothing of it; None if it would."""
    return next(_faults(content), None)


def _faults(content: Content) -> Iterator[str]:
    kinds = _kinds(content)
    if not kinds:
        yield "there is nothing in it"
    if len(kinds) > 1:
        yield f"{kinds[0]} and {kinds[1]} cannot go in one message"
    yield from _faults_in_text(content)
    yield from _faults_in_quick_replies(content)
    yield from _faults_in_buttons(content.buttons, "buttons")
    if content.buttons and not content.text.strip():
        yield "buttons: they need a text"
    yield from _faults_in_cards(content.cards)
    if content.media is not None:
        if content.media.type not in MEDIA_TYPES:
            yield f"media.type: it must be one of {', '.join(MEDIA_TYPES)}"
        yield from _faults_in_url(content.media.url, "media.url")
    if content.reaction is not None:
        if not content.reaction.mid:
            yield "reaction.mid: it must name the message"
        if content.reply_to_mid:
            yield "a reaction cannot be a threaded reply"


def _kinds(content: Content) -> tuple[str, ...]:
    present = {
        "text": bool(content.text.strip()),
        "media": content.media is not None,
        "cards": bool(content.cards),
        "a heart": content.is_heart,
        "a reaction": content.reaction is not None,
    }
    return tuple(name for name, is_present in present.items() if is_present)


def _faults_in_text(content: Content) -> Iterator[str]:
    if "\x00" in content.text:
        yield "text: it must not hold NUL"
    if len(content.text.encode("utf-8", "surrogatepass")) > MAX_REPLY_BYTES:
        yield f"text: it must not be longer than {MAX_REPLY_BYTES} bytes of UTF-8"
    if content.buttons and len(content.text) > LONGEST_BUTTON_TEXT:
        yield f"text: it must not be longer than {LONGEST_BUTTON_TEXT} characters above buttons"


def _faults_in_quick_replies(content: Content) -> Iterator[str]:
    replies: tuple[QuickReply, ...] = content.quick_replies
    if len(replies) > MOST_QUICK_REPLIES:
        yield f"quick_replies: there must not be more than {MOST_QUICK_REPLIES}"
    if replies and not content.text.strip():
        yield "quick_replies: they need a text"
    if replies and content.buttons:
        yield "quick_replies: they cannot go with buttons"
    for number, reply in enumerate(replies):
        place = f"quick_replies.{number}"
        yield from _faults_in_title(reply.title, f"{place}.title", LONGEST_TAP_TITLE)
        yield from _faults_in_title(reply.payload, f"{place}.payload", LONGEST_PAYLOAD)


def _faults_in_buttons(buttons: tuple[Button, ...], place: str) -> Iterator[str]:
    if len(buttons) > MOST_BUTTONS:
        yield f"{place}: there must not be more than {MOST_BUTTONS}"
    for number, button in enumerate(buttons):
        yield from _faults_in_button(button, f"{place}.{number}")


def _faults_in_button(button: Button, place: str) -> Iterator[str]:
    yield from _faults_in_title(button.title, f"{place}.title", LONGEST_TAP_TITLE)
    if (button.url is None) == (button.payload is None):
        yield f"{place}: it needs either url or payload"
    elif button.payload is not None:
        yield from _faults_in_title(button.payload, f"{place}.payload", LONGEST_PAYLOAD)
    else:
        yield from _faults_in_url(button.url or "", f"{place}.url")


def _faults_in_cards(cards: tuple[Card, ...]) -> Iterator[str]:
    if len(cards) > MOST_CARDS:
        yield f"cards: there must not be more than {MOST_CARDS}"
    yield from chain.from_iterable(
        _faults_in_card(card, f"cards.{number}") for number, card in enumerate(cards)
    )


def _faults_in_card(card: Card, place: str) -> Iterator[str]:
    yield from _faults_in_title(card.title, f"{place}.title", LONGEST_TITLE)
    if len(card.subtitle) > LONGEST_TITLE:
        yield f"{place}.subtitle: it must not be longer than {LONGEST_TITLE} characters"
    if not (card.subtitle or card.image_url or card.url or card.buttons):
        yield f"{place}: it needs more than a title"
    for name, url in (("image_url", card.image_url), ("url", card.url)):
        if url is not None:
            yield from _faults_in_url(url, f"{place}.{name}")
    yield from _faults_in_buttons(card.buttons, f"{place}.buttons")


def _faults_in_title(title: str, place: str, longest: int) -> Iterator[str]:
    if not title.strip():
        yield f"{place}: it must not be blank"
    if len(title) > longest:
        yield f"{place}: it must not be longer than {longest} characters"


def _faults_in_url(url: str, place: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address or any(each.isspace() or not each.isprintable() for each in url):
        yield f"{place}: it must be an address such as https://example.com/picture.png"
    if len(url) > LONGEST_URL:
        yield f"{place}: it must not be longer than {LONGEST_URL} characters"
