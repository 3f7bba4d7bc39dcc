from http import HTTPStatus
from typing import Any

import structlog
from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from moca import clock
from moca.core.messages.operators import MarkMentionsSeen, MarkRead
from moca.storage.queries.contacts import find_contact
from moca.storage.queries.conversation_page import notes_of
from moca.storage.queries.conversations import other_conversations, read_conversation
from moca.storage.queries.labels import list_labels
from moca.storage.queries.page_versions import version_of_contact_pane
from moca.storage.queries.records import ConversationRecord
from moca.storage.queries.team.mentions import is_mention_unseen
from moca.web.auth.current_user import author_id
from moca.web.auth.guards import Guards
from moca.web.config import WebPorts
from moca.web.errors import Problem
from moca.web.forms import row_id_of
from moca.web.live_pages import POLLS, LivePages, current_version
from moca.web.pages.inbox import assignable

_LOG = structlog.get_logger(__name__)


def contact_pane_routes(ports: WebPorts, access: Guards, live: LivePages) -> Blueprint:
    """Return the part of a conversation's page that shows its contact, for refreshes."""
    routes = Blueprint("contact_pane", __name__)
    routes.before_request(access.guard_page)

    @routes.get("/conversations/<number>/contact")
    def pane(number: str) -> Response:
        conversation_id = row_id_of(number)
        if POLLS not in request.headers:
            with ports.database.connection_context():
                known = found_conversation(conversation_id)
            return redirect(url_for("conversation.page", number=known.id, _anchor="contact"), 303)
        answer = live.show(
            "contact_pane.html",
            lambda: version_of_contact_pane(conversation_id),
            lambda: {
                **contact_values(found_conversation(conversation_id)),
                "all_labels": list_labels(),
            },
            readers=str(author_id()),
        )
        if answer.status_code == HTTPStatus.OK:
            mark_mentions_seen(conversation_id, ports)
        return answer

    return routes


def contact_values(found: ConversationRecord) -> dict[str, Any]:
    """Return what the contact pane shows beside the thread of a conversation."""
    return {
        "conversation": found,
        "contact": find_contact(found.contact.psid, found.contact.account_id),
        "contact_version": current_version(version_of_contact_pane(found.id)),
        "others": other_conversations(found),
        "notes": notes_of(found.id),
        "assignable": assignable(found.assignee, found.contact.account_id),
    }


def found_conversation(conversation_id: int) -> ConversationRecord:
    """Return a conversation.

    Raises:
        Problem: 404 if there is no such conversation.
    """
    found = read_conversation(conversation_id)
    if found is None:
        raise Problem(404, "No conversation with this number.")
    return found


def mark_mentions_seen(conversation_id: int, ports: WebPorts) -> None:
    """Note that the user has been shown the notes of a conversation."""
    operator_id = author_id()
    if operator_id is None:
        return
    with ports.database.connection_context():
        is_unseen = is_mention_unseen(conversation_id, operator_id)
    if is_unseen:
        tell_if_possible(MarkMentionsSeen(conversation_id, operator_id, clock.now()), ports)


def tell_if_possible(command: MarkRead | MarkMentionsSeen, ports: WebPorts) -> None:
    """Send a command that no one waits for, and that the next reading sends again."""
    try:
        ports.tell(command)
    except Exception as error:  # noqa: BLE001 - too busy: it stays unread and can still be shown
        _LOG.warning("conversation.not_marked_read", error=type(error).__name__)
