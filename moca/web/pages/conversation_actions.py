from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as WerkzeugResponse

from moca import clock
from moca.core.content.content import Content, QuickReply
from moca.core.content.placeholders import fill_placeholders
from moca.core.content.uploads import StoredUpload
from moca.core.content.validation import MAX_REPLY_BYTES, fault_in
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.messages.operators import AddNote, RemoveNote
from moca.core.messages.replies import QueueReply
from moca.core.reply_window import OPERATOR_WINDOW
from moca.core.types import Author, ConversationStatus
from moca.storage.queries.contacts import find_contact
from moca.storage.queries.conversation_page import find_note
from moca.storage.queries.conversations import read_conversation
from moca.storage.queries.page_versions import version_of_conversation
from moca.storage.queries.saved_replies import SavedReplyRecord, find_saved_reply
from moca.web.auth.current_user import agent_name, author_id, author_name, current_user
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem, problem_response
from moca.web.forms import (
    instant_field,
    lines_field,
    number_field,
    priority_field,
    row_id_of,
    show_problems,
    text_field,
)
from moca.web.live_pages import LivePages
from moca.web.pages.conversation import beside_thread, thread_values
from moca.web.pages.inbox import list_values
from moca.web.pages.undo import offer_of
from moca.web.pages.work_list_actions import add_work_list_actions, to_conversation
from moca.web.pagination import read_row_id
from moca.web.schemas.notes import MAX_NOTE_LENGTH
from moca.web.uploads.attachments import Attachments, has_file

_MAX_CHOICES_LENGTH = 1_000
_MAX_PAUSE_MINUTES = 366 * 24 * 60
_CHANGES = {
    "take-over": ConversationStatus.HUMAN,
    "hand-back": ConversationStatus.OPEN,
    "reopen": ConversationStatus.OPEN,
    "pause": ConversationStatus.PAUSED,
    "close": ConversationStatus.CLOSED,
}
_NAMED = ", ".join(f"'{change}'" for change in _CHANGES)


def action_routes(ports: WebPorts, config: WebConfig, access: Guards, live: LivePages) -> Blueprint:
    """Return the actions on a conversation's page; every form redirects back to it."""
    routes = Blueprint("conversation_actions", __name__)
    attachments = Attachments(ports, config)
    routes.before_request(access.guard_page)

    def show_problem(problem: Problem) -> Response:
        """Return the page with what was written, and the problem beside it."""
        number = read_row_id((request.view_args or {}).get("number", ""))
        if number is None or problem.status == HTTPStatus.NOT_FOUND:
            return problem_response(problem)
        shown = {"problem": problem.message, "refused": request.endpoint, "draft": request.form}
        answer = live.page(
            "conversation.html",
            lambda: version_of_conversation(number),
            lambda: {**list_values(), **beside_thread(number), **thread_values(number), **shown},
        )
        answer.status_code = problem.status
        return answer

    show_problems(routes, show_problem)

    @routes.post("/conversations/<number>/messages")
    def write(number: str) -> WerkzeugResponse:
        conversation_id, at = row_id_of(number), clock.now()
        saved = _saved_reply(ports)
        content = _content(conversation_id, saved, ports)
        due = instant_field("at", at)
        if due is not None and _is_too_late(due, conversation_id, ports):
            raise Problem(
                422,
                "Send at: the reply window closes before this time. Choose an earlier one, or wait "
                "until the contact writes again.",
            )
        reply = QueueReply(
            conversation_id,
            (),
            content,
            at,
            Author.OPERATOR,
            priority_field(),
            due,
            author_name=author_name(),
            author_id=author_id(),
            hold="bot_continues" not in request.form,
        )
        upload = _upload(attachments, saved, at)
        with attachments.deleted_if_refused(upload):
            file = None if upload is None else attachments.attached(upload)
            carry_out(replace(reply, attachment=file), ports, config)
        return to_conversation(conversation_id)

    @routes.post(f"/conversations/<number>/<any({_NAMED}):change>")
    def change(number: str, change: str) -> WerkzeugResponse:
        conversation_id, at = row_id_of(number), clock.now()
        status = _CHANGES[change]
        minutes = number_field("minutes", most=_MAX_PAUSE_MINUTES)
        is_timed = minutes is not None and status is ConversationStatus.PAUSED
        until = at + timedelta(minutes=minutes or 0) if is_timed else None
        changed = ChangeConversation(conversation_id, status, at, until, by=author_name())
        done = carry_out(changed, ports, config)
        is_closed = status is ConversationStatus.CLOSED
        offer = offer_of("closed", {conversation_id: done}, at) if is_closed else None
        return to_conversation(conversation_id, offer=offer)

    add_work_list_actions(routes, ports, config)

    @routes.post("/conversations/<number>/notes")
    def note(number: str) -> WerkzeugResponse:
        conversation_id, known = row_id_of(number), current_user()
        text = text_field("note", longest=MAX_NOTE_LENGTH)
        author = known.name if known else ""
        added = AddNote(conversation_id, author, text, clock.now(), author_id())
        carry_out(added, ports, config)
        return to_conversation(conversation_id, "notes")

    @routes.post("/conversations/<number>/notes/<note>/remove")
    def remove_note(number: str, note: str) -> WerkzeugResponse:
        conversation_id, note_id = row_id_of(number), row_id_of(note)
        with ports.database.connection_context():
            found = find_note(conversation_id, note_id)
        if found is None:
            raise Problem(404, "No note with this number in this conversation.")
        carry_out(RemoveNote(note_id), ports, config)
        return to_conversation(conversation_id, "notes")

    return routes


def _is_too_late(due: datetime, conversation_id: int, ports: WebPorts) -> bool:
    with ports.database.connection_context():
        found = read_conversation(conversation_id)
        contact = find_contact(found.contact.psid, found.contact.account_id) if found else None
    opened_at = contact.window_opened_at if contact else None
    return opened_at is None or due > opened_at + OPERATOR_WINDOW


def _saved_reply(ports: WebPorts) -> SavedReplyRecord | None:
    """Return the saved reply that was chosen; a script names it where only its file is left."""
    chosen = read_row_id(request.form.get("answer") or request.form.get("file_of", ""))
    with ports.database.connection_context():
        return find_saved_reply(chosen) if chosen else None


def _content(conversation_id: int, saved: SavedReplyRecord | None, ports: WebPorts) -> Content:
    text = text_field("text", max_bytes=MAX_REPLY_BYTES, needed=False)
    is_chosen = saved is not None and bool(request.form.get("answer"))
    if not text and saved is not None and is_chosen:
        with ports.database.connection_context():
            found = read_conversation(conversation_id)
        text = fill_placeholders(saved.text, found.contact.name if found else None, agent_name())
    content = Content(text=text, quick_replies=_quick_replies())
    brings_file = has_file("file") or (saved is not None and saved.file is not None)
    if content == Content():
        if not brings_file:
            raise Problem(422, "Write a reply, choose a saved reply or attach a file.")
        return content
    fault = fault_in(content)
    if fault is not None:
        raise Problem(422, fault)
    return content


def _upload(
    attachments: Attachments, saved: SavedReplyRecord | None, at: datetime
) -> StoredUpload | None:
    chosen = attachments.of_field("file", at)
    if chosen is not None or saved is None or saved.file is None:
        return chosen
    return attachments.copy(saved.file, at)


def _quick_replies() -> tuple[QuickReply, ...]:
    titles = lines_field("quick_replies", longest=_MAX_CHOICES_LENGTH)
    return tuple(QuickReply(title=title, payload=title) for title in titles)
