from moca.core.content.content import Button, Card, Content, Media, QuickReply, Reaction
from moca.core.content.validation import fault_in
from moca.web.errors import Problem
from moca.web.schemas.requests import ButtonBody, CardBody, ReactionBody, ReplyBody


def read_reply(body: ReplyBody) -> Content:
    """Return the content of a reply, which is empty if it only sends an upload.

    Raises:
        Problem: 422 with the reason why Instagram would not accept it.
    """
    media = body.media
    content = Content(
        text=body.text,
        media=None if media is None else Media(type=media.type, url=media.url),
        quick_replies=tuple(
            QuickReply(title=each.title, payload=each.payload) for each in body.quick_replies
        ),
        buttons=tuple(map(_button, body.buttons)),
        cards=tuple(map(_card, body.cards)),
        is_heart=body.heart,
        reply_to_mid=body.reply_to,
    )
    is_file_alone = body.upload is not None and content == Content()
    if body.upload is not None and not is_file_alone and not body.text.strip():
        raise Problem(422, "upload: can be combined with a text only")
    return content if is_file_alone else _sound(content)


def read_reaction(body: ReactionBody) -> Content:
    """Return the reaction to set on a message, or to remove from it."""
    return Content(reaction=Reaction(mid=body.mid, emoji=body.emoji))


def _sound(content: Content) -> Content:
    fault = fault_in(content)
    if fault is not None:
        raise Problem(422, fault)
    return content


def _card(body: CardBody) -> Card:
    return Card(
        title=body.title,
        subtitle=body.subtitle,
        image_url=body.image_url,
        url=body.url,
        buttons=tuple(map(_button, body.buttons)),
    )


def _button(body: ButtonBody) -> Button:
    return Button(title=body.title, url=body.url, payload=body.payload)
