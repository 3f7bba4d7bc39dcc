from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, StringConstraints, ValidationError, model_validator

from moca.core.types import ContactKey
from moca.instagram.payload import PartyPayload
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.responses import SandboxResponse, fine, refused

_TITLE = Annotated[str, StringConstraints(min_length=1, max_length=80)]
_ACTIONS = ("mark_seen", "typing_on", "typing_off")
_SUFFIXES = {
    "image": ("png", "jpg", "jpeg", "gif"),
    "audio": ("aac", "m4a", "wav", "mp4"),
    "video": ("mp4", "ogg", "avi", "mov", "webm"),
    "file": ("pdf",),
}
_MEGABYTE = 1024 * 1024
_MAX_BYTES = {"image": 8 * _MEGABYTE} | dict.fromkeys(("audio", "video", "file"), 25 * _MEGABYTE)


class _Button(BaseModel):
    type: Literal["web_url", "postback"]
    title: str = Field(min_length=1)
    url: str | None = None
    payload: str | None = None


class _Element(BaseModel):
    title: _TITLE
    subtitle: Annotated[str, StringConstraints(max_length=80)] = ""
    buttons: list[_Button] = Field(default=[], max_length=3)


class _Generic(BaseModel):
    template_type: Literal["generic"]
    elements: list[_Element] = Field(min_length=1, max_length=10)


class _Buttons(BaseModel):
    template_type: Literal["button"]
    text: str = Field(min_length=1, max_length=640)
    buttons: list[_Button] = Field(min_length=1, max_length=3)


class _File(BaseModel):
    url: str


class _Media(BaseModel):
    type: Literal["image", "audio", "video", "file"]
    payload: _File


class _Heart(BaseModel):
    type: Literal["like_heart"]


class _Template(BaseModel):
    type: Literal["template"]
    payload: _Generic | _Buttons


class _QuickReply(BaseModel):
    content_type: Literal["text"]
    title: str = Field(min_length=1)
    payload: str = Field(min_length=1)


class _Message(BaseModel):
    text: str | None = None
    attachment: Annotated[_Media | _Heart | _Template | None, Field(discriminator="type")] = None
    quick_replies: list[_QuickReply] = Field(default=[], max_length=13)

    @property
    def shown(self) -> dict[str, object]:
        """Return what the contact sees beside the text."""
        choices = [each.model_dump(include={"title", "payload"}) for each in self.quick_replies]
        return self._attached | ({"quick_replies": choices} if choices else {})

    @property
    def _attached(self) -> dict[str, object]:
        match self.attachment:
            case None:
                return {}
            case _Template(payload=template):
                fields = template.model_dump(exclude_defaults=True, exclude={"template_type"})
                shown = {"type": "template", "payload": {template.template_type: fields}}
            case _ as other:
                shown = other.model_dump()
        return {"attachments": [shown]}


class _Recipient(PartyPayload):
    id: str = ""
    comment_id: str = ""


class _ReplyTo(BaseModel):
    mid: str


class _Reacting(BaseModel):
    message_id: str
    reaction: str | None = None


class _Send(BaseModel):
    recipient: _Recipient
    message: _Message | None = None
    sender_action: str | None = None
    payload: _Reacting | None = None
    reply_to: _ReplyTo | None = None
    tag: Literal["HUMAN_AGENT"] | None = None

    @model_validator(mode="after")
    def _one_thing_for_somebody(self) -> "_Send":
        if bool(self.recipient.id) == bool(self.recipient.comment_id):
            raise ValueError("either an id or a comment_id")
        if (self.message is None) == (self.sender_action is None):
            raise ValueError("either a message or a sender action")
        return self


def take(instagram: SandboxInstagram, account_id: str, document: object) -> SandboxResponse:
    """Handle a request to `/messages` as Meta does, or refuse it with Meta's error code."""
    try:
        wanted = _Send.model_validate(document)
    except ValidationError as error:
        return _refusal_of(error)
    if wanted.message is None:
        return _act(instagram, ContactKey(account_id, wanted.recipient.id), wanted)
    refusal = _refusal(instagram, wanted.message)
    if refusal is not None:
        return refusal
    return _deliver(instagram, account_id, wanted, wanted.message)


def _deliver(
    instagram: SandboxInstagram, account_id: str, wanted: _Send, message: _Message
) -> SandboxResponse:
    text, more = message.text or "", message.shown
    if wanted.recipient.comment_id:
        return instagram.receive_privately(account_id, wanted.recipient.comment_id, text, more)
    if wanted.reply_to is not None:
        if instagram.find_message(wanted.reply_to.mid) is None:
            return refused(100, "The message replied to does not exist", 2534015)
        more["reply_to"] = {"mid": wanted.reply_to.mid}
    contact = ContactKey(account_id, wanted.recipient.id)
    return instagram.receive(contact, text, more, by_agent=wanted.tag is not None)


def _act(instagram: SandboxInstagram, contact: ContactKey, wanted: _Send) -> SandboxResponse:
    if wanted.sender_action in _ACTIONS and wanted.payload is None:
        instagram.show(contact, wanted.sender_action)
    elif wanted.sender_action in ("react", "unreact") and wanted.payload is not None:
        is_off = wanted.sender_action == "unreact"
        reaction = None if is_off else wanted.payload.reaction or "love"
        if not instagram.react(contact, wanted.payload.message_id, reaction):
            return refused(100, "The message does not exist", 2534015)
    else:
        return refused(100, "Invalid sender action")
    return fine(recipient_id=contact.psid)


def _refusal(instagram: SandboxInstagram, message: _Message) -> SandboxResponse | None:
    match message.attachment:
        case None:
            return None
        case _ if message.text or message.quick_replies:
            return refused(100, "Text and attachment cannot be sent together", 2534015)
        case _Media(type=kind, payload=_File(url=url)):
            return _refusal_of_media(instagram, kind, url)
        case _:
            return None


def _refusal_of_media(instagram: SandboxInstagram, kind: str, url: str) -> SandboxResponse | None:
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        return refused(100, "The media could not be fetched", 2018008)
    size = instagram.faults.media_bytes(url)
    if size is None:
        return refused(100, "The media could not be fetched", 2018008)
    _, dot, suffix = address.path.rpartition(".")
    if dot and suffix.lower() not in _SUFFIXES[kind]:
        return refused(100, "The media's type is not supported", 2018047)
    if size > _MAX_BYTES[kind]:
        return refused(100, "The media is too large", 2018109)
    return None


def _refusal_of(error: ValidationError) -> SandboxResponse:
    places = {each["loc"][:2] for each in error.errors(include_context=False, include_input=False)}
    if places & {("message", "attachment"), ("message", "quick_replies")}:
        return refused(100, "The message's data is invalid", 2534015)
    return refused(100, "Invalid parameter: recipient and message are required")
