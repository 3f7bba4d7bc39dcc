from collections.abc import Iterator
from itertools import chain
from urllib.parse import urlsplit

from moca.core.content.content import Button, Card, Content, QuickReply

MAX_REPLY_BYTES = 10_000
"""The maximum of a whole reply, which is sent in parts."""

MAX_BUTTON_TEXT_LENGTH = 640
MAX_TITLE_LENGTH = 80
MAX_TAP_TITLE_LENGTH = 20
MAX_PAYLOAD_LENGTH = 1000
MAX_URL_LENGTH = 2000
MAX_QUICK_REPLIES = 13
MAX_BUTTONS = 3
MAX_CARDS = 10
MEDIA_TYPES = ("image", "video", "audio", "file")


def fault_in(content: Content) -> str | None:
    """Return why Instagram would reject the content, or None. Quotes nothing of the content."""
    return next(_faults(content), None)


def _faults(content: Content) -> Iterator[str]:
    kinds = _kinds(content)
    if not kinds:
        yield "the message is empty"
    if len(kinds) > 1:
        yield f"{kinds[0]} and {kinds[1]} cannot be sent in one message"
    yield from _faults_in_text(content)
    yield from _faults_in_quick_replies(content)
    yield from _faults_in_buttons(content.buttons, "buttons")
    if content.buttons and not content.text.strip():
        yield "buttons: need a text"
    yield from _faults_in_cards(content.cards)
    if content.media is not None:
        if content.media.type not in MEDIA_TYPES:
            yield f"media.type: must be one of {', '.join(MEDIA_TYPES)}"
        yield from _faults_in_url(content.media.url, "media.url")
    if content.reaction is not None:
        if not content.reaction.mid:
            yield "reaction.mid: is required"
        if content.reply_to_mid:
            yield "a reaction cannot also be a threaded reply"


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
        yield "text: must not contain NUL"
    if len(content.text.encode("utf-8", "surrogatepass")) > MAX_REPLY_BYTES:
        yield f"text: must not be longer than {MAX_REPLY_BYTES} bytes of UTF-8"
    if content.buttons and len(content.text) > MAX_BUTTON_TEXT_LENGTH:
        yield f"text: must not be longer than {MAX_BUTTON_TEXT_LENGTH} characters above buttons"


def _faults_in_quick_replies(content: Content) -> Iterator[str]:
    replies: tuple[QuickReply, ...] = content.quick_replies
    if len(replies) > MAX_QUICK_REPLIES:
        yield f"quick_replies: must not be more than {MAX_QUICK_REPLIES}"
    if replies and not content.text.strip():
        yield "quick_replies: need a text"
    if replies and content.buttons:
        yield "quick_replies: cannot be combined with buttons"
    for number, reply in enumerate(replies):
        place = f"quick_replies.{number}"
        yield from _faults_in_title(reply.title, f"{place}.title", MAX_TAP_TITLE_LENGTH)
        yield from _faults_in_title(reply.payload, f"{place}.payload", MAX_PAYLOAD_LENGTH)


def _faults_in_buttons(buttons: tuple[Button, ...], place: str) -> Iterator[str]:
    if len(buttons) > MAX_BUTTONS:
        yield f"{place}: must not be more than {MAX_BUTTONS}"
    for number, button in enumerate(buttons):
        yield from _faults_in_button(button, f"{place}.{number}")


def _faults_in_button(button: Button, place: str) -> Iterator[str]:
    yield from _faults_in_title(button.title, f"{place}.title", MAX_TAP_TITLE_LENGTH)
    if (button.url is None) == (button.payload is None):
        yield f"{place}: needs either url or payload"
    elif button.payload is not None:
        yield from _faults_in_title(button.payload, f"{place}.payload", MAX_PAYLOAD_LENGTH)
    else:
        yield from _faults_in_url(button.url or "", f"{place}.url")


def _faults_in_cards(cards: tuple[Card, ...]) -> Iterator[str]:
    if len(cards) > MAX_CARDS:
        yield f"cards: must not be more than {MAX_CARDS}"
    yield from chain.from_iterable(
        _faults_in_card(card, f"cards.{number}") for number, card in enumerate(cards)
    )


def _faults_in_card(card: Card, place: str) -> Iterator[str]:
    yield from _faults_in_title(card.title, f"{place}.title", MAX_TITLE_LENGTH)
    if len(card.subtitle) > MAX_TITLE_LENGTH:
        yield f"{place}.subtitle: must not be longer than {MAX_TITLE_LENGTH} characters"
    if not (card.subtitle or card.image_url or card.url or card.buttons):
        yield f"{place}: needs more than a title"
    for name, url in (("image_url", card.image_url), ("url", card.url)):
        if url is not None:
            yield from _faults_in_url(url, f"{place}.{name}")
    yield from _faults_in_buttons(card.buttons, f"{place}.buttons")


def _faults_in_title(title: str, place: str, longest: int) -> Iterator[str]:
    if not title.strip():
        yield f"{place}: must not be blank"
    if len(title) > longest:
        yield f"{place}: must not be longer than {longest} characters"


def _faults_in_url(url: str, place: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_address = False
    if not is_address or any(each.isspace() or not each.isprintable() for each in url):
        yield f"{place}: must be a URL such as https://example.com/picture.png"
    if len(url) > MAX_URL_LENGTH:
        yield f"{place}: must not be longer than {MAX_URL_LENGTH} characters"
