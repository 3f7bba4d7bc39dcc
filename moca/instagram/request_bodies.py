from collections.abc import Mapping
from typing import Literal

from moca.core.content.content import Button, Card, Content, QuickReply, Reaction
from moca.core.outbox.queued_reply import ReplyAddress
from moca.core.profile import ICE_BREAKERS, MENU, MenuItem, MessengerProfile
from moca.core.types import ContactKey

Body = Mapping[str, object]

SenderAction = Literal["mark_seen", "typing_on"]
"""The actions that a contact can be shown while a reply is made."""


def message_body(contact: ContactKey, content: Content, way: ReplyAddress) -> Body:
    """Return the request that sends a message, a private reply to a comment, or a reaction."""
    if content.reaction is not None:
        return _reaction(contact, content.reaction)
    body: dict[str, object] = {"recipient": _recipient(contact, way), "message": _message(content)}
    if content.reply_to_mid is not None:
        body["reply_to"] = {"mid": content.reply_to_mid}
    if content.quick_replies:
        body["messaging_type"] = "RESPONSE"
    if way.is_late:
        body |= {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    return body


def action_body(contact: ContactKey, action: str) -> Body:
    """Return the request of a sender action, such as `typing_on`."""
    return {"recipient": {"id": contact.psid}, "sender_action": action}


def _recipient(contact: ContactKey, way: ReplyAddress) -> Body:
    if way.comment_id is not None:
        return {"comment_id": way.comment_id}
    return {"id": contact.psid}


def _reaction(contact: ContactKey, reaction: Reaction) -> Body:
    payload = {"message_id": reaction.mid}
    if reaction.emoji is None:
        return {**action_body(contact, "unreact"), "payload": payload}
    return {
        **action_body(contact, "react"),
        "payload": {**payload, "reaction": reaction.emoji},
    }


def _message(content: Content) -> Body:
    if content.is_heart:
        return {"attachment": {"type": "like_heart"}}
    if content.media is not None:
        return _attachment(content.media.type, {"url": content.media.url})
    if content.cards:
        cards = [_card(card) for card in content.cards]
        return _attachment("template", {"template_type": "generic", "elements": cards})
    if content.buttons:
        buttons = [_button(button) for button in content.buttons]
        template = {"template_type": "button", "text": content.text, "buttons": buttons}
        return _attachment("template", template)
    message: dict[str, object] = {"text": content.text}
    if content.quick_replies:
        message["quick_replies"] = [_quick_reply(each) for each in content.quick_replies]
    return message


def _attachment(kind: str, payload: Body) -> Body:
    return {"attachment": {"type": kind, "payload": payload}}


def _quick_reply(reply: QuickReply) -> Body:
    return {"content_type": "text", "title": reply.title, "payload": reply.payload}


def _card(card: Card) -> Body:
    element: dict[str, object] = {"title": card.title}
    if card.subtitle:
        element["subtitle"] = card.subtitle
    if card.image_url is not None:
        element["image_url"] = card.image_url
    if card.url is not None:
        element["default_action"] = {"type": "web_url", "url": card.url}
    if card.buttons:
        element["buttons"] = [_button(button) for button in card.buttons]
    return element


def _button(button: Button) -> Body:
    if button.url is not None:
        return {"type": "web_url", "url": button.url, "title": button.title}
    return {"type": "postback", "title": button.title, "payload": button.payload}


_PLATFORM = {"platform": "instagram"}
_LOCALE = {"locale": "default"}


def profile_body(welcome: MessengerProfile) -> Mapping[str, object]:
    """Return the request that sets ice breakers and menu, the same for every language."""
    body: dict[str, object] = dict(_PLATFORM)
    if welcome.ice_breakers:
        questions = [
            {"question": each.question, "payload": each.payload} for each in welcome.ice_breakers
        ]
        body[ICE_BREAKERS] = [{"call_to_actions": questions, **_LOCALE}]
    if welcome.menu:
        entries = [_entry(each) for each in welcome.menu]
        body[MENU] = [{**_LOCALE, "call_to_actions": entries}]
    return body


def clearing_body(names: tuple[str, ...]) -> Mapping[str, object]:
    """Return the request that removes parts of a profile."""
    return {**_PLATFORM, "fields": list(names)}


def _entry(item: MenuItem) -> Mapping[str, str]:
    if item.url is not None:
        return {"type": "web_url", "title": item.title, "url": item.url}
    return {"type": "postback", "title": item.title, "payload": item.payload or ""}
