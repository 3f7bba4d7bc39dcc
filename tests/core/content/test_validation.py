import pytest

from moca.core.content.content import Button, Card, Content, Media, QuickReply, Reaction
from moca.core.content.validation import fault_in

PICTURE = Media(type="image", url="https://example.com/cat.png")
OPEN = Button(title="Open", url="https://example.com")
PRICES = Button(title="Prices", payload="PRICES")
YES = QuickReply(title="Yes", payload="YES")
CARD = Card(title="Tea", subtitle="green", buttons=(OPEN, PRICES))


@pytest.mark.parametrize(
    "content",
    [
        Content(text="hello"),
        Content(text="a" * 10_000),
        Content(text="well?", quick_replies=(YES,) * 13),
        Content(text="a" * 640, buttons=(OPEN, PRICES, PRICES)),
        Content(media=PICTURE),
        Content(cards=(CARD,) * 10),
        Content(is_heart=True),
        Content(text="this one", reply_to_mid="m1"),
        Content(reaction=Reaction(mid="m1", emoji="love")),
        Content(reaction=Reaction(mid="m1")),
    ],
)
def test_what_instagram_takes_has_no_fault(content: Content) -> None:
    assert fault_in(content) is None


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (Content(), "the message is empty"),
        (Content(text=" \n"), "the message is empty"),
        (Content(text="hi\x00"), "text: must not contain NUL"),
        (Content(text="é" * 5001), "text: must not be longer than 10000 bytes of UTF-8"),
        (Content(text="see", media=PICTURE), "text and media cannot be sent in one message"),
        (Content(media=PICTURE, is_heart=True), "media and a heart cannot be sent in one message"),
        (
            Content(text="?", quick_replies=(YES,) * 14),
            "quick_replies: must not be more than 13",
        ),
        (Content(media=PICTURE, quick_replies=(YES,)), "quick_replies: need a text"),
        (
            Content(text="?", quick_replies=(YES,), buttons=(OPEN,)),
            "quick_replies: cannot be combined with buttons",
        ),
        (
            Content(text="?", quick_replies=(QuickReply(title="y" * 21, payload="Y"),)),
            "quick_replies.0.title: must not be longer than 20 characters",
        ),
        (
            Content(text="?", quick_replies=(YES, QuickReply(title=" ", payload="Y"))),
            "quick_replies.1.title: must not be blank",
        ),
        (
            Content(text="a" * 641, buttons=(OPEN,)),
            "text: must not be longer than 640 characters above buttons",
        ),
        (Content(text="?", buttons=(OPEN,) * 4), "buttons: must not be more than 3"),
        (Content(buttons=(OPEN,), media=PICTURE), "buttons: need a text"),
        (
            Content(text="?", buttons=(Button(title="Both", url="https://a.b", payload="P"),)),
            "buttons.0: needs either url or payload",
        ),
        (
            Content(text="?", buttons=(Button(title="Bad", url="javascript:alert(1)"),)),
            "buttons.0.url: must be a URL such as https://example.com/picture.png",
        ),
        (Content(cards=(CARD,) * 11), "cards: must not be more than 10"),
        (Content(cards=(Card(title="bare"),)), "cards.0: needs more than a title"),
        (
            Content(cards=(CARD, Card(title="t", buttons=(OPEN,) * 4))),
            "cards.1.buttons: must not be more than 3",
        ),
        (
            Content(cards=(Card(title="t" * 81, url="https://a.b"),)),
            "cards.0.title: must not be longer than 80 characters",
        ),
        (
            Content(media=Media(type="hologram", url="https://a.b")),
            "media.type: must be one of image, video, audio, file",
        ),
        (
            Content(media=Media(type="image", url="file:///etc/passwd")),
            "media.url: must be a URL such as https://example.com/picture.png",
        ),
        (Content(reaction=Reaction(mid="")), "reaction.mid: is required"),
        (
            Content(reaction=Reaction(mid="m1"), reply_to_mid="m2"),
            "a reaction cannot also be a threaded reply",
        ),
    ],
)
def test_what_instagram_would_refuse_is_told_by_its_place(content: Content, fault: str) -> None:
    assert fault_in(content) == fault
