from datetime import timedelta
from http import HTTPStatus
from typing import Any

import structlog
from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from moca import clock
from moca.core.content.content import Content, QuickReply
from moca.core.content.splitting import MAX_MESSAGE_BYTES
from moca.core.content.validation import (
    LONGEST_TAP_TITLE,
    MAX_REPLY_BYTES,
    MOST_QUICK_REPLIES,
    fault_in,
)
from moca.core.content.validation import MAX_REPLY_BYTES as LONGEST_REPLY_BYTES
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.messages.operators import (
    AddNote,
    MarkRead,
    RemoveNote,
    RemoveSavedAnswer,
    SaveAnswer,
)
from moca.core.messages.replies import QueueReply
from moca.core.reply_window import window_at
from moca.core.types import Author, ConversationStatus, Right
from moca.storage.queries.contacts import find_contact
from moca.storage.queries.conversation_page import (
    earlier_conversation,
    notes_of,
    read_at,
    read_talk,
    saved_answers,
)
from moca.storage.queries.conversations import read_conversation
from moca.storage.queries.page_versions import version_of_conversation
from moca.storage.queries.records import ConversationRecord
from moca.web.auth.current_user import author_name, visitor
from moca.web.auth.guards import Access
from moca.web.commands import carry_out
from moca.web.config import Ports, WebConfig
from moca.web.errors import Problem
from moca.web.forms import (
    instant_field,
    lines_field,
    number_field,
    priority_field,
    row_id_of,
    text_field,
)
from moca.web.live_pages import Live
from moca.web.pagination import read_cursor, read_row_id, write_cursor
from moca.web.presenters.message_view import bubble_of

_SHOWN = 50

_LOG = structlog.get_logger(__name__)


def talk_routes(ports: Ports, access: Access, live: Live) -> Blueprint:
    """Build a conversation's page."""
    routes = Blueprint("talk", __name__)
    routes.before_request(access.guard_page)

    @routes.get("/conversations/<number>")
    def conversation(number: str) -> Response:
        conversation_id = row_id_of(number)
        answer = live.show(
            "talk.html",
            lambda: version_of_conversation(conversation_id),
            lambda: _shown(conversation_id),
        )
        if answer.status_code == HTTPStatus.OK:
            _mark_read(conversation_id, ports)
        return answer

    return routes


def _shown(conversation_id: int) -> dict[str, Any]:
    now = clock.now()
    found = _found(conversation_id)
    after = read_cursor(request.args.get("cursor"), parts=1)
    page = read_talk(conversation_id, limit=_SHOWN, after=after)
    contact = find_contact(found.contact.psid, found.contact.account_id)
    return {
        "at": "inbox",
        "conversation": found,
        "contact": contact,
        "status": found.status_at(now),
        "bubbles": [bubble_of(line) for line in reversed(page.items)],
        "older": write_cursor(page.next_key),
        "is_latest": after is None,
        "earlier_id": earlier_conversation(conversation_id) if page.next_key is None else None,
        "window": window_at(contact.window_opened_at if contact else None, now),
        "notes": notes_of(conversation_id),
        "answers": saved_answers(),
        "part_bytes": MAX_MESSAGE_BYTES,
        "reply_bytes": LONGEST_REPLY_BYTES,
        "most_quick_replies": MOST_QUICK_REPLIES,
        "longest_quick_reply": LONGEST_TAP_TITLE,
    }


def _found(conversation_id: int) -> ConversationRecord:
    found = read_conversation(conversation_id)
    if found is None:
        raise Problem(404, "There is no conversation with this number.")
    return found


def _mark_read(conversation_id: int, ports: Ports) -> None:
    known, now = visitor(), clock.now()
    if known is None or not known.may(Right.ANSWERS):
        return
    with ports.database.connection_context():
        found, last_read_at = read_conversation(conversation_id), read_at(conversation_id)
    heard_at = None if found is None else found.last_user_message_at
    if heard_at is None or (last_read_at is not None and last_read_at >= heard_at):
        return
    try:
        ports.tell(MarkRead(conversation_id, now))
    except Exception as error:  # noqa: BLE001 - too busy: it is still unread, and can be looked at
        _LOG.warning("conversation.not_marked_read", error=type(error).__name__)


_LONGEST_NOTE = 4_000
_LONGEST_NAME = 80
_LONGEST_CHOICES = 1_000
_LONGEST_PAUSE_MINUTES = 366 * 24 * 60
_CHANGES = {
    "take-over": ConversationStatus.HUMAN,
    "hand-back": ConversationStatus.OPEN,
    "reopen": ConversationStatus.OPEN,
    "pause": ConversationStatus.PAUSED,
    "close": ConversationStatus.CLOSED,
}
_NAMED = ", ".join(f"'{change}'" for change in _CHANGES)


def act_routes(ports: Ports, config: WebConfig, access: Access) -> Blueprint:
    """Build what can be done on a conversation's page; every form leads back to it."""
    routes = Blueprint("acts", __name__)
    routes.before_request(access.guard_page)

    @routes.post("/conversations/<number>/messages")
    def write(number: str) -> WerkzeugResponse:
        conversation_id, at = row_id_of(number), clock.now()
        content = Content(text=_reply_text(ports), quick_replies=_quick_replies())
        fault = fault_in(content)
        if fault is not None:
            raise Problem(422, fault)
        due = instant_field("at", at)
        reply = QueueReply(
            conversation_id,
            (),
            content,
            at,
            Author.OPERATOR,
            priority_field(),
            due,
            author_name=author_name(),
            hold="bot_continues" not in request.form,
        )
        carry_out(reply, ports, config)
        return _back(conversation_id)

    @routes.post(f"/conversations/<number>/<any({_NAMED}):change>")
    def change(number: str, change: str) -> WerkzeugResponse:
        conversation_id, at = row_id_of(number), clock.now()
        status = _CHANGES[change]
        minutes = number_field("minutes", most=_LONGEST_PAUSE_MINUTES)
        is_timed = minutes is not None and status is ConversationStatus.PAUSED
        until = at + timedelta(minutes=minutes or 0) if is_timed else None
        changed = ChangeConversation(conversation_id, status, at, until, by=author_name())
        carry_out(changed, ports, config)
        return _back(conversation_id)

    @routes.post("/conversations/<number>/notes")
    def note(number: str) -> WerkzeugResponse:
        conversation_id, known = row_id_of(number), visitor()
        text = text_field("note", longest=_LONGEST_NOTE)
        author = known.name if known else ""
        carry_out(AddNote(conversation_id, author, text, clock.now()), ports, config)
        return _back(conversation_id, "notes")

    @routes.post("/conversations/<number>/notes/<note>/remove")
    def remove_note(number: str, note: str) -> WerkzeugResponse:
        carry_out(RemoveNote(row_id_of(note)), ports, config)
        return _back(row_id_of(number), "notes")

    @routes.post("/conversations/<number>/answers")
    def save_answer(number: str) -> WerkzeugResponse:
        name = text_field("name", longest=_LONGEST_NAME)
        text = text_field("answer", longest=MAX_REPLY_BYTES)
        carry_out(SaveAnswer(name, text), ports, config)
        return _back(row_id_of(number), "answers")

    @routes.post("/conversations/<number>/answers/<answer>/remove")
    def remove_answer(number: str, answer: str) -> WerkzeugResponse:
        carry_out(RemoveSavedAnswer(row_id_of(answer)), ports, config)
        return _back(row_id_of(number), "answers")

    return routes


def _reply_text(ports: Ports) -> str:
    typed = text_field("text", longest=MAX_REPLY_BYTES, needed=False)
    if typed:
        return typed
    chosen = read_row_id(request.form.get("answer", ""))
    with ports.database.connection_context():
        texts = [each.text for each in saved_answers() if each.id == chosen]
    if not texts:
        raise Problem(422, "Write something, or choose a saved answer.")
    return texts[0]


def _quick_replies() -> tuple[QuickReply, ...]:
    titles = lines_field("quick_replies", longest=_LONGEST_CHOICES)
    return tuple(QuickReply(title=title, payload=title) for title in titles)


def _back(conversation_id: int, place: str = "") -> WerkzeugResponse:
    address = url_for("talk.conversation", number=conversation_id)
    return redirect(f"{address}#{place}" if place else address, 303)
