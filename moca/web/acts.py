from datetime import timedelta

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from moca import clock
from moca.core.content import Content, QuickReply
from moca.core.messages.colleagues import (
    AddNote,
    RemoveNote,
    RemoveSavedAnswer,
    SaveAnswer,
)
from moca.core.messages.operating import ChangeConversation
from moca.core.messages.replying import QueueReply
from moca.core.validity import LONGEST_TEXT_BYTES, fault_in
from moca.core.vocabulary import Author, ConversationStatus
from moca.storage.reads.talk import saved_answers
from moca.web.access import Access
from moca.web.commands import carry_out
from moca.web.config import Ports, WebConfig
from moca.web.cursor import read_row_id
from moca.web.forms import (
    instant_field,
    lines_field,
    number_field,
    priority_field,
    row_id_of,
    text_field,
)
from moca.web.problems import Problem
from moca.web.visitor import author_name, visitor

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
    def write(number: str) -> Response:
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
    def change(number: str, change: str) -> Response:
        conversation_id, at = row_id_of(number), clock.now()
        status = _CHANGES[change]
        minutes = number_field("minutes", most=_LONGEST_PAUSE_MINUTES)
        is_timed = minutes is not None and status is ConversationStatus.PAUSED
        until = at + timedelta(minutes=minutes or 0) if is_timed else None
        changed = ChangeConversation(conversation_id, status, at, until, by=author_name())
        carry_out(changed, ports, config)
        return _back(conversation_id)

    @routes.post("/conversations/<number>/notes")
    def note(number: str) -> Response:
        conversation_id, known = row_id_of(number), visitor()
        text = text_field("note", longest=_LONGEST_NOTE)
        author = known.name if known else ""
        carry_out(AddNote(conversation_id, author, text, clock.now()), ports, config)
        return _back(conversation_id, "notes")

    @routes.post("/conversations/<number>/notes/<note>/remove")
    def remove_note(number: str, note: str) -> Response:
        carry_out(RemoveNote(row_id_of(note)), ports, config)
        return _back(row_id_of(number), "notes")

    @routes.post("/conversations/<number>/answers")
    def save_answer(number: str) -> Response:
        name = text_field("name", longest=_LONGEST_NAME)
        text = text_field("answer", longest=LONGEST_TEXT_BYTES)
        carry_out(SaveAnswer(name, text), ports, config)
        return _back(row_id_of(number), "answers")

    @routes.post("/conversations/<number>/answers/<answer>/remove")
    def remove_answer(number: str, answer: str) -> Response:
        carry_out(RemoveSavedAnswer(row_id_of(answer)), ports, config)
        return _back(row_id_of(number), "answers")

    return routes


def _reply_text(ports: Ports) -> str:
    typed = text_field("text", longest=LONGEST_TEXT_BYTES, needed=False)
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


def _back(conversation_id: int, place: str = "") -> Response:
    address = url_for("talk.conversation", number=conversation_id)
    return redirect(f"{address}#{place}" if place else address, 303)
