from datetime import timedelta
from http import HTTPStatus
from typing import Any

import structlog
from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as Answer

from moca import clock
from moca.core.content import Content
from moca.core.messages.colleagues import (
    AddNote,
    MarkRead,
    RemoveNote,
    RemoveSavedAnswer,
    SaveAnswer,
)
from moca.core.messages.operating import ChangeConversation
from moca.core.messages.replying import QueueReply
from moca.core.rights import Right
from moca.core.splitting import LONGEST_TEXT_BYTES
from moca.core.validity import LONGEST_TEXT_BYTES as LONGEST_REPLY_BYTES
from moca.core.validity import fault_in
from moca.core.vocabulary import Author, ConversationStatus
from moca.storage.reads.contacts import find_contact
from moca.storage.reads.conversations import read_conversation
from moca.storage.reads.records import ConversationRecord
from moca.storage.reads.talk import (
    earlier_conversation,
    notes_of,
    read_at,
    read_talk,
    saved_answers,
)
from moca.storage.reads.versions import version_of_conversation
from moca.web.access import Access
from moca.web.bubbles import bubble_of
from moca.web.commands import carry_out
from moca.web.config import Ports, WebConfig
from moca.web.cursor import read_cursor, read_row_id, write_cursor
from moca.web.forms import instant_field, number_field, priority_field, text_field
from moca.web.live import Live
from moca.web.problems import Problem
from moca.web.visitor import visitor
from moca.web.windows import window_at

_SHOWN = 50
_LONGEST_NOTE = 4_000
_LONGEST_NAME = 80
_LONGEST_PAUSE_MINUTES = 366 * 24 * 60
_CHANGES = {
    "take-over": ConversationStatus.HUMAN,
    "hand-back": ConversationStatus.OPEN,
    "reopen": ConversationStatus.OPEN,
    "pause": ConversationStatus.PAUSED,
    "close": ConversationStatus.CLOSED,
}

_LOG = structlog.get_logger(__name__)


def talk_routes(ports: Ports, config: WebConfig, access: Access, live: Live) -> Blueprint:
    """Build a conversation's page and all that can be done on it."""
    routes = Blueprint("talk", __name__)
    routes.before_request(access.guard_page)

    @routes.get("/conversations/<number>")
    def conversation(number: str) -> Response:
        conversation_id = _row_id(number)
        answer = live.show(
            "talk.html",
            lambda: version_of_conversation(conversation_id),
            lambda: _shown(conversation_id, config),
        )
        if answer.status_code == HTTPStatus.OK:
            _mark_read(conversation_id, ports)
        return answer

    @routes.post("/conversations/<number>/messages")
    def write(number: str) -> Answer:
        conversation_id, at = _row_id(number), clock.now()
        content = Content(text=_reply_text(ports))
        fault = fault_in(content)
        if fault is not None:
            raise Problem(422, fault)
        due = instant_field("at", at)
        by = Author.OPERATOR
        carry_out(
            QueueReply(conversation_id, (), content, at, by, priority_field(), due), ports, config
        )
        return _back(conversation_id, "latest")

    @routes.post("/conversations/<number>/<any('take-over', 'hand-back', 'reopen', 'pause', 'close'):change>")
    def change(number: str, change: str) -> Answer:
        conversation_id, at = _row_id(number), clock.now()
        status = _CHANGES[change]
        minutes = number_field("minutes", most=_LONGEST_PAUSE_MINUTES)
        is_timed = minutes is not None and status is ConversationStatus.PAUSED
        until = at + timedelta(minutes=minutes or 0) if is_timed else None
        carry_out(ChangeConversation(conversation_id, status, at, until), ports, config)
        return _back(conversation_id)

    @routes.post("/conversations/<number>/notes")
    def note(number: str) -> Answer:
        conversation_id, known = _row_id(number), visitor()
        text = text_field("note", longest=_LONGEST_NOTE)
        author = known.name if known else ""
        carry_out(AddNote(conversation_id, author, text, clock.now()), ports, config)
        return _back(conversation_id, "notes")

    @routes.post("/conversations/<number>/notes/<note>/remove")
    def remove_note(number: str, note: str) -> Answer:
        carry_out(RemoveNote(_row_id(note)), ports, config)
        return _back(_row_id(number), "notes")

    @routes.post("/conversations/<number>/answers")
    def save_answer(number: str) -> Answer:
        name = text_field("name", longest=_LONGEST_NAME)
        text = text_field("answer", longest=LONGEST_REPLY_BYTES)
        carry_out(SaveAnswer(name, text), ports, config)
        return _back(_row_id(number), "answers")

    @routes.post("/conversations/<number>/answers/<answer>/remove")
    def remove_answer(number: str, answer: str) -> Answer:
        carry_out(RemoveSavedAnswer(_row_id(answer)), ports, config)
        return _back(_row_id(number), "answers")

    return routes


def _shown(conversation_id: int, config: WebConfig) -> dict[str, Any]:
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
        "part_bytes": LONGEST_TEXT_BYTES,
        "reply_bytes": LONGEST_REPLY_BYTES,
        "takeover": config.takeover,
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


def _reply_text(ports: Ports) -> str:
    typed = text_field("text", longest=LONGEST_REPLY_BYTES, needed=False)
    if typed:
        return typed
    chosen = read_row_id(request.form.get("answer", ""))
    with ports.database.connection_context():
        texts = [each.text for each in saved_answers() if each.id == chosen]
    if not texts:
        raise Problem(422, "Write something, or choose a saved answer.")
    return texts[0]


def _row_id(number: str) -> int:
    row_id = read_row_id(number)
    if row_id is None:
        raise Problem(404, "There is nothing with this number.")
    return row_id


def _back(conversation_id: int, place: str = "") -> Answer:
    address = url_for("talk.conversation", number=conversation_id)
    return redirect(f"{address}#{place}" if place else address, 303)
