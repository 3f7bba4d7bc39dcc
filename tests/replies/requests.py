"""Reply requests for tests."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from moca.core.content.attachments import ReceivedContent
from moca.core.conversation.snapshot import Inbound
from moca.core.types import ContactKey, Role
from moca.replies.generator import HistoryMessage, ReplyRequest

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
ANNA = ContactKey("17841400000000001", "anna")
BEN = ContactKey("17841400000000001", "ben")


def inbound(text: str = "", *, id: int = 1, kind: str = "message", type: str = "text") -> Inbound:
    return Inbound(id=id, mid=f"m{id}", kind=kind, type=type, text=text, received_at=NOON)


def asked(
    *texts: str,
    name: str | None = None,
    at: datetime = NOON,
    contact: ContactKey = ANNA,
    history: Sequence[HistoryMessage] = (),
) -> ReplyRequest:
    inputs = tuple(inbound(text, id=number) for number, text in enumerate(texts, start=1))
    return ReplyRequest(
        contact=contact, inputs=inputs, now=at, contact_name=name, history=tuple(history)
    )


def tapped(title: str, payload: str, *, kind: str = "postback", type: str = "text") -> ReplyRequest:
    message = replace(
        inbound(title, kind=kind, type=type), received=ReceivedContent(payload=payload)
    )
    return ReplyRequest(contact=ANNA, inputs=(message,), now=NOON)


def seen(type: str, text: str = "", *, kind: str = "message", id: int = 1) -> ReplyRequest:
    message = inbound(text, id=id, kind=kind, type=type)
    return ReplyRequest(contact=ANNA, inputs=(message,), now=NOON)


def said(role: Role, text: str, minutes_ago: int = 1) -> HistoryMessage:
    return HistoryMessage(role=role, text=text, at=NOON - timedelta(minutes=minutes_ago))
