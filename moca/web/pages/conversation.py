from dataclasses import replace
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request, url_for

from moca import clock
from moca.core.content.placeholders import fill_placeholders
from moca.core.content.splitting import MAX_MESSAGE_BYTES
from moca.core.content.validation import (
    MAX_QUICK_REPLIES,
    MAX_REPLY_BYTES,
    MAX_TAP_TITLE_LENGTH,
)
from moca.core.messages.operators import MarkRead
from moca.core.reply_window import window_at
from moca.core.types import OperatorRole
from moca.storage.queries.contacts import find_contact
from moca.storage.queries.conversation_page import (
    earlier_conversation,
    page_around,
    read_at,
    read_thread,
)
from moca.storage.queries.conversations import read_conversation
from moca.storage.queries.operators import list_operators
from moca.storage.queries.page_versions import version_of_conversation
from moca.storage.queries.queue_forecast import account_problems
from moca.storage.queries.saved_replies import SavedReplyRecord, list_saved_replies
from moca.web.auth.current_user import agent_name, author_id, current_user
from moca.web.auth.guards import Guards
from moca.web.config import WebPorts
from moca.web.forms import row_id_of
from moca.web.live_pages import POLLS, LivePages
from moca.web.pages.contact_pane import (
    contact_values,
    found_conversation,
    mark_mentions_seen,
    tell_if_possible,
)
from moca.web.pages.inbox import list_frame, list_values
from moca.web.pagination import read_cursor, read_row_id, write_cursor
from moca.web.presence import PresenceBoard
from moca.web.presenters.message_view import exchange_ids, message_view
from moca.web.schemas.search import MAX_SEARCH_LENGTH

_SHOWN = 50
_SHOWN_LIST = "X-Moca-List"
"""The header by which a script names the list that it shows and keeps."""


def conversation_page_routes(
    ports: WebPorts, access: Guards, live: LivePages, presence: PresenceBoard
) -> Blueprint:
    """Return the page of a conversation."""
    routes = Blueprint("conversation", __name__)
    routes.before_request(access.guard_page)

    @routes.get("/conversations/<number>")
    def page(number: str) -> Response:
        conversation_id = row_id_of(number)
        answer = live.show(
            "conversation.html",
            lambda: version_of_conversation(conversation_id),
            lambda: thread_values(conversation_id),
            beside=lambda: {**_list_beside(), **beside_thread(conversation_id)},
        )
        if answer.status_code == HTTPStatus.OK:
            _mark_read(conversation_id, ports)
            # The contact pane has refreshes of its own.
            if POLLS not in request.headers:
                mark_mentions_seen(conversation_id, ports)
        return presence.take_poll(answer, conversation_id)

    return routes


def thread_values(conversation_id: int) -> dict[str, Any]:
    """Return what the thread of a conversation shows.

    Raises:
        Problem: 404 if there is no such conversation.
    """
    now = clock.now()
    found = found_conversation(conversation_id)
    after = read_cursor(request.args.get("cursor"), parts=1)
    hit = read_row_id(request.args.get("at", ""))
    if hit is not None:
        after = page_around(conversation_id, hit, newer=_SHOWN // 2)
    page = read_thread(conversation_id, limit=_SHOWN, after=after)
    bubbles = [message_view(line) for line in reversed(page.items)]
    contact = find_contact(found.contact.psid, found.contact.account_id)
    return {
        "thread_address": url_for("conversation.page", number=conversation_id, **_place()),
        "conversation": found,
        "contact": contact,
        "status": found.status_at(now),
        "snooze": found.snooze if found.is_snoozed_at(now) else None,
        "bubbles": bubbles,
        "exchange_ids": exchange_ids(bubbles),
        "term": request.args.get("q", "").strip()[:MAX_SEARCH_LENGTH],
        "older": write_cursor(page.next_key),
        "is_latest": after is None,
        "earlier_id": earlier_conversation(conversation_id) if page.next_key is None else None,
        "account_problem": account_problems(now).get(found.contact.account_id, ""),
        "window": window_at(contact.window_opened_at if contact else None, now),
    }


def beside_thread(conversation_id: int) -> dict[str, Any]:
    """Return what the composer and the contact pane show, beside the thread.

    Raises:
        Problem: 404 if there is no such conversation.
    """
    found = found_conversation(conversation_id)
    account_id = found.contact.account_id
    return {
        **contact_values(found),
        "saved_replies": [_filled(each, found.contact.name) for each in list_saved_replies()],
        "mentionable": [
            each.name
            for each in list_operators()
            if each.id != author_id() and each.account_scope.includes(account_id)
        ],
        "part_bytes": MAX_MESSAGE_BYTES,
        "reply_bytes": MAX_REPLY_BYTES,
        "most_quick_replies": MAX_QUICK_REPLIES,
        "longest_quick_reply": MAX_TAP_TITLE_LENGTH,
    }


def _filled(reply: SavedReplyRecord, contact_name: str | None) -> SavedReplyRecord:
    return replace(reply, text=fill_placeholders(reply.text, contact_name, agent_name()))


def _list_beside() -> dict[str, Any]:
    """Return what the list shows, or only what surrounds it if the page has the same list."""
    after = read_cursor(request.args.get("list_cursor"), parts=2)
    frame = list_frame(after)
    has_list = request.headers.get(_SHOWN_LIST) == frame["list_address"]
    return frame if has_list else list_values(after)


def _place() -> dict[str, Any]:
    return {name: request.args[name] for name in ("cursor", "at", "q") if name in request.args}


def _mark_read(conversation_id: int, ports: WebPorts) -> None:
    known, now = current_user(), clock.now()
    if known is None or not known.may(OperatorRole.ANSWERS):
        return
    with ports.database.connection_context():
        found, last_read_at = read_conversation(conversation_id), read_at(conversation_id)
    heard_at = None if found is None else found.last_user_message_at
    if heard_at is None or (last_read_at is not None and last_read_at >= heard_at):
        return
    tell_if_possible(MarkRead(conversation_id, now), ports)
