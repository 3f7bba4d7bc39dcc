from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import BaseModel

from moca.core.types import ContactKey
from moca.instagram.sandbox.instagram import SandboxInstagram

_APP, _OTHER_APP = "1", "2"
_URL = "https://lookaside.example/1"
_REACTION = "\u2764\ufe0f"

Does = Literal[
    "write",
    "attach",
    "share",
    "mention_in_story",
    "send_ephemeral",
    "send_unsupported",
    "answer",
    "answer_story",
    "choose",
    "click_ad",
    "tap",
    "follow_link",
    "react",
    "unreact",
    "read",
    "edit",
    "hint",
    "unsend",
    "opt_in",
    "write_unheard",
    "write_in_standby",
    "write_by_hand",
    "unsend_by_hand",
    "write_to_self",
    "pass_thread",
    "take_thread",
    "request_thread",
    "comment",
    "comment_live",
    "mention",
]


class SandboxAction(BaseModel):
    """Something that a contact, the account's owner or another app does."""

    does: Does
    psid: str
    text: str = ""
    mid: str = ""
    """The message it is about."""
    payload: str = "PAYLOAD"
    type: str = "image"
    url: str = _URL
    name: str | None = None
    account_id: str | None = None


def perform(instagram: SandboxInstagram, act: SandboxAction) -> str:
    """Perform an action and send its webhook; return the id of what it created or is about."""
    contact = ContactKey(act.account_id or instagram.accounts.account_id, act.psid)
    if act.does in _WRITES:
        more = _WRITES[act.does](act)
        return instagram.write(act.psid, act.text, act.name, act.account_id, more=more)
    if act.does in _TOLD:
        mid, item = _TOLD[act.does](instagram, act)
        instagram.send_event(contact, item)
        return mid
    return _OTHERWISE[act.does](instagram, contact, act)


def _attachment(type: str, **payload: str) -> dict[str, Any]:  # noqa: A002 - Meta's name
    return {"type": type, "payload": payload} if payload else {"type": type}


def _shared(act: SandboxAction) -> list[dict[str, Any]]:
    post = {"ig_post_media_id": "1", "title": act.text, "url": act.url}
    return [_attachment("share", **post), _attachment("ig_post", **post)]


_WRITES: Mapping[str, Callable[[SandboxAction], dict[str, Any]]] = {
    "write": lambda _: {},
    "attach": lambda act: {"attachments": [_attachment(act.type, url=act.url)]},
    "share": lambda act: {"attachments": _shared(act)},
    "mention_in_story": lambda act: {"attachments": [_attachment("story_mention", url=act.url)]},
    "send_ephemeral": lambda _: {"attachments": [_attachment("ephemeral")]},
    "send_unsupported": lambda _: {"is_unsupported": True},
    "answer": lambda act: {"reply_to": {"mid": act.mid}},
    "answer_story": lambda act: {"reply_to": {"story": {"id": "1", "url": act.url}}},
    "choose": lambda act: {"quick_reply": {"payload": act.payload}},
    "click_ad": lambda act: {
        "referral": {
            "ref": act.payload,
            "ad_id": "1",
            "source": "ADS",
            "type": "OPEN_THREAD",
            "ads_context_data": {"ad_title": "An ad", "photo_url": act.url},
        }
    },
}

_Told = tuple[str, dict[str, Any]]


def _tap(instagram: SandboxInstagram, act: SandboxAction) -> _Told:
    mid = instagram.new_mid(act.psid, act.account_id)
    return mid, {"postback": {"mid": mid, "title": act.text, "payload": act.payload}}


def _edit(instagram: SandboxInstagram, act: SandboxAction) -> _Told:
    number = instagram.edit(act.psid, act.mid, act.text, act.account_id)
    fields = {"mid": act.mid, "text": act.text, "num_edit": number}
    return act.mid, {"message_edit": fields}


def _unsend(instagram: SandboxInstagram, act: SandboxAction) -> _Told:
    instagram.unsend(act.psid, act.mid, act.account_id)
    return act.mid, {"message": {"mid": act.mid, "is_deleted": True}}


def _react(instagram: SandboxInstagram, act: SandboxAction) -> _Told:
    emoji = act.text or _REACTION
    instagram.set_reaction(act.psid, act.mid, emoji, act.account_id)
    fields = {"mid": act.mid, "action": "react", "reaction": "love", "emoji": emoji}
    return act.mid, {"reaction": fields}


def _unreact(instagram: SandboxInstagram, act: SandboxAction) -> _Told:
    instagram.set_reaction(act.psid, act.mid, "", act.account_id)
    return act.mid, {"reaction": {"mid": act.mid, "action": "unreact"}}


def _control(verb: str, owner: str) -> Callable[[SandboxInstagram, SandboxAction], _Told]:
    before = _OTHER_APP if owner == _APP else _APP
    control = {"previous_owner_app_id": before, "new_owner_app_id": owner, "metadata": ""}
    return lambda _instagram, _act: ("", {f"{verb}_thread_control": control})


_TOLD: Mapping[str, Callable[[SandboxInstagram, SandboxAction], _Told]] = {
    "tap": _tap,
    "edit": _edit,
    "unsend": _unsend,
    "follow_link": lambda _, act: (
        "",
        {"referral": {"ref": act.payload, "source": "ig.me", "type": "OPEN_THREAD"}},
    ),
    "react": _react,
    "unreact": _unreact,
    "read": lambda _, act: (act.mid, {"read": {"mid": act.mid}}),
    "opt_in": lambda _, act: (
        "",
        {"optin": {"type": "notification_messages", "payload": act.payload}},
    ),
    "pass_thread": _control("pass", _APP),
    "take_thread": _control("take", _OTHER_APP),
    "request_thread": lambda *_: (
        "",
        {"request_thread_control": {"requested_owner_app_id": _OTHER_APP, "metadata": ""}},
    ),
}


def _hint(instagram: SandboxInstagram, contact: ContactKey, act: SandboxAction) -> str:
    item = {"message_edit": {"mid": act.mid, "num_edit": 0}}
    instagram.send_event(contact, item, is_anonymous=True)
    return act.mid


def _write_unheard(instagram: SandboxInstagram, _contact: ContactKey, act: SandboxAction) -> str:
    return instagram.write(act.psid, act.text, act.name, act.account_id, is_told=False)


def _write_in_standby(instagram: SandboxInstagram, contact: ContactKey, act: SandboxAction) -> str:
    mid = _write_unheard(instagram, contact, act)
    instagram.send_event(contact, {"message": {"mid": mid, "text": act.text}}, field="standby")
    return mid


def _write_app_reply(instagram: SandboxInstagram, _contact: ContactKey, act: SandboxAction) -> str:
    return instagram.write_app_reply(act.psid, act.text, act.account_id)


def _unsend_app_reply(instagram: SandboxInstagram, contact: ContactKey, act: SandboxAction) -> str:
    instagram.unsend(act.psid, act.mid, act.account_id)
    fields = {"message": {"mid": act.mid, "is_echo": True, "is_deleted": True}}
    instagram.send_event(contact, fields, from_account=True)
    return act.mid


def _write_to_self(instagram: SandboxInstagram, contact: ContactKey, act: SandboxAction) -> str:
    mid = instagram.new_mid(act.psid, act.account_id)
    fields = {"mid": mid, "text": act.text, "is_echo": True, "is_self": True}
    instagram.send_event(contact, {"message": fields}, from_account=True)
    return mid


def _comment(instagram: SandboxInstagram, _contact: ContactKey, act: SandboxAction) -> str:
    return instagram.comment(act.psid, act.text, act.account_id, is_live=act.does == "comment_live")


def _mention(instagram: SandboxInstagram, contact: ContactKey, act: SandboxAction) -> str:
    ids = {"media_id": "1", "comment_id": act.mid or "1"}
    instagram.change(contact.account_id, "mentions", ids)
    return ids["comment_id"]


_OTHERWISE: Mapping[str, Callable[[SandboxInstagram, ContactKey, SandboxAction], str]] = {
    "hint": _hint,
    "write_unheard": _write_unheard,
    "write_in_standby": _write_in_standby,
    "write_by_hand": _write_app_reply,
    "unsend_by_hand": _unsend_app_reply,
    "write_to_self": _write_to_self,
    "comment": _comment,
    "comment_live": _comment,
    "mention": _mention,
}
