from typing import Any

from flask import Blueprint, Response, request

from moca import clock
from moca.core.types import ConversationStatus
from moca.storage.queries.accounts import list_accounts
from moca.storage.queries.delivery_health import list_quiet
from moca.storage.queries.inbox import Wanted, count_waiting, list_inbox
from moca.storage.queries.page_versions import version_of_all
from moca.storage.queries.search import search
from moca.web.auth.guards import Access
from moca.web.errors import Problem
from moca.web.live_pages import Live
from moca.web.pagination import read_cursor, write_cursor
from moca.web.presenters.warnings import warnings_of

_SHOWN = 40
_LONGEST_WORDS = 200
STATES = {
    "all": None,
    "bot": ConversationStatus.OPEN,
    "waiting": ConversationStatus.HUMAN,
    "paused": ConversationStatus.PAUSED,
    "standby": ConversationStatus.STANDBY,
    "closed": ConversationStatus.CLOSED,
}
"""What people call it, and what it is."""


def inbox_routes(access: Access, live: Live) -> Blueprint:
    """Build the first page: all conversations, and a search through them."""
    routes = Blueprint("inbox", __name__)
    routes.before_request(access.guard_page)

    @routes.get("/")
    def inbox() -> Response:
        words = request.args.get("q", "").strip()
        if len(words) > _LONGEST_WORDS or "\x00" in words:
            raise Problem(422, f"A search takes at most {_LONGEST_WORDS} characters.")
        if words:
            before = read_cursor(request.args.get("before"), parts=1)
            return live.show("search.html", lambda: "found", lambda: _found(words, before))
        state = request.args.get("state", "all")
        if state not in STATES:
            raise Problem(404, "There is no such list of conversations.")
        return live.show("inbox.html", version_of_all, lambda: _listed(state))

    return routes


def _listed(state: str) -> dict[str, Any]:
    now = clock.now()
    account_id = request.args.get("account") or None
    unread = request.args.get("unread") == "1"
    wanted = Wanted(status=STATES[state], account_id=account_id, unread=unread)
    after = read_cursor(request.args.get("cursor"), parts=2)
    page = list_inbox(wanted, now, limit=_SHOWN, after=after)
    accounts = list_accounts()
    return {
        "at": "inbox",
        "rows": page.items,
        "next_cursor": write_cursor(page.next_key),
        "is_first": after is None,
        "state": state,
        "states": STATES,
        "account_id": account_id,
        "unread": unread,
        "accounts": accounts,
        "waiting": count_waiting(now),
        "warnings": warnings_of([each.token for each in accounts], list_quiet(), now),
        "words": "",
    }


def _found(words: str, before: tuple[int, ...] | None) -> dict[str, Any]:
    found = search(words, limit=_SHOWN, before_id=before[0] if before else None)
    return {
        "at": "inbox",
        "words": words,
        "found": found,
        "now": clock.now(),
        "is_first": before is None,
        "state": "all",
        "states": STATES,
        "accounts": (),
        "waiting": 0,
    }
