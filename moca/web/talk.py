from http import HTTPStatus
from typing import Any

import structlog
from flask import Blueprint, Response, request

from moca import clock
from moca.core.messages.colleagues import MarkRead
from moca.core.rights import Right
from moca.core.splitting import LONGEST_TEXT_BYTES
from moca.core.validity import LONGEST_TAP_TITLE, MOST_QUICK_REPLIES
from moca.core.validity import LONGEST_TEXT_BYTES as LONGEST_REPLY_BYTES
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
from moca.web.config import Ports
from moca.web.cursor import read_cursor, write_cursor
from moca.web.forms import row_id_of
from moca.web.live import Live
from moca.web.problems import Problem
from moca.web.visitor import visitor
from moca.web.windows import window_at

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
        "part_bytes": LONGEST_TEXT_BYTES,
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
