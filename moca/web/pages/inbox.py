from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from flask import Blueprint, Response, request, url_for
from markupsafe import Markup

from moca import clock
from moca.core.search_query import InvalidSearch
from moca.core.types import OperatorRole
from moca.core.work_lists import WorkList
from moca.storage.queries.accounts import list_accounts, names_of
from moca.storage.queries.delivery_health import list_quiet
from moca.storage.queries.inbox import MAX_COUNT, InboxFilter, count_inbox, list_inbox
from moca.storage.queries.labels import list_labels
from moca.storage.queries.operators import OperatorRecord, has_operators, list_operators
from moca.storage.queries.page_versions import version_of_all
from moca.storage.queries.pagination import Key
from moca.web.auth.account_scope import asked_account
from moca.web.auth.current_user import CurrentUser, author_id, current_scope, current_user
from moca.web.auth.guards import Guards
from moca.web.errors import Problem
from moca.web.forms import row_id_of
from moca.web.live_pages import LivePages
from moca.web.pages.undo import MAX_SELECTED, undo_offer
from moca.web.pagination import read_cursor, read_row_id, write_cursor
from moca.web.presence import PresenceBoard
from moca.web.presenters.warnings import warnings_of
from moca.web.schemas.search import MAX_SEARCH_LENGTH
from moca.web.search import search_for_user

_OWN_LISTS = {
    WorkList.MINE: Markup("<!-- my count -->"),
    WorkList.MENTIONS: Markup("<!-- my mentions -->"),
}
"""The lists that are each operator's own, with what stands for their count in a shared page."""
_SHOWN = 40
MAX_ROWS = 200
"""How many rows a list has at most after scrolling; a link leads to the next ones."""
_TITLES = {
    WorkList.NEEDS_REPLY: "Needs reply",
    WorkList.WAITING_FOR_CONTACT: "Waiting for contact",
    WorkList.WITH_BOT: "With the bot",
    WorkList.MINE: "Mine",
    WorkList.MENTIONS: "Mentions",
    WorkList.UNASSIGNED: "Unassigned",
    WorkList.UNREAD: "Unread",
    WorkList.SNOOZED: "Snoozed",
    WorkList.CLOSED: "Closed",
    WorkList.ALL_OPEN: "All open",
}
_FORMER_STATES = {
    "all": WorkList.ALL_OPEN,
    "bot": WorkList.WITH_BOT,
    "waiting": WorkList.NEEDS_REPLY,
    "paused": WorkList.WAITING_FOR_CONTACT,
    "standby": WorkList.WAITING_FOR_CONTACT,
    "closed": WorkList.CLOSED,
}
"""The values of `?state=` in URLs made before there were work lists."""


def inbox_routes(access: Guards, live: LivePages, presence: PresenceBoard) -> Blueprint:
    """Return the first page: all conversations, and a search through them."""
    routes = Blueprint("inbox", __name__)
    routes.before_request(access.guard_page)

    @routes.get("/")
    def inbox() -> Response:
        words = request.args.get("q", "").strip()
        if len(words) > MAX_SEARCH_LENGTH:
            raise Problem(422, f"Searches are limited to {MAX_SEARCH_LENGTH} characters.")
        if words:
            return live.show("search.html", lambda: "found", lambda: _found(words))
        after = read_cursor(request.args.get("cursor"), parts=2)
        answer = live.show(
            "inbox.html",
            version_of_all,
            lambda: list_values(after),
            beside=lambda: {"assignable": assignable()},
            readers=_readers(),
        )
        return presence.take_poll(answer)

    return routes


def _work_list() -> WorkList:
    named, state = request.args.get("list"), request.args.get("state")
    if named is not None:
        if named not in set(WorkList):
            raise Problem(404, "No such list of conversations.")
        return WorkList(named)
    if request.args.get("unread") == "1":
        return WorkList.UNREAD
    if state is not None:
        if state not in _FORMER_STATES:
            raise Problem(404, "No such list of conversations.")
        return _FORMER_STATES[state]
    return _first_list(current_user())


def _readers() -> str:
    """Return a name of those who see the same list: operators also have their own."""
    operator_id = author_id()
    is_own = request.args.get("list") in _OWN_LISTS
    return str(operator_id) if is_own else str(operator_id is not None)


def _first_list(known: CurrentUser | None) -> WorkList:
    """Return the list with which the user's work begins."""
    answers = known is not None and known.role is OperatorRole.ANSWERS
    return WorkList.NEEDS_REPLY if answers else WorkList.ALL_OPEN


def list_place() -> dict[str, Any]:
    """Return what the request's URL says of the list and its page."""
    names = ("list", "account", "label", "cursor")
    return {name: request.args[name] for name in names if name in request.args}


def assignable(assignee: str | None = None, account_id: str | None = None) -> list[OperatorRecord]:
    """Return the operators who may answer, the user first, and the assignee.

    With an account, only those who see it.
    """
    own_id = author_id()
    may_answer = [
        each
        for each in list_operators()
        if (each.role.includes(OperatorRole.ANSWERS) or each.name == assignee)
        and (account_id is None or each.account_scope.includes(account_id))
    ]
    return sorted(may_answer, key=lambda each: each.id != own_id)


def list_frame(after: Key | None = None) -> dict[str, Any]:
    """Return what surrounds the list of conversations, as the request's URL filters it."""
    wanted = _filter(_work_list())
    is_first_list = wanted.work_list is _first_list(current_user())
    named: dict[str, Any] = {"account": wanted.account_id}
    if not is_first_list:
        named["list"] = wanted.work_list
    if wanted.label_id is not None:
        named["label"] = wanted.label_id
    place = {**named, "cursor": write_cursor(after)}
    accounts = list_accounts(current_scope())
    return {
        "at": "inbox",
        "is_first": after is None,
        "step": _SHOWN,
        "max_rows": MAX_ROWS,
        "max_selected": MAX_SELECTED,
        "undo": undo_offer(),
        "work_list": wanted.work_list,
        "list_in_url": {**named, "list_cursor": write_cursor(after)},
        "list_place": place,
        "list_address": url_for("inbox.inbox", **place),
        "account_id": wanted.account_id,
        "label_id": wanted.label_id,
        "all_labels": list_labels(),
        "accounts": accounts,
        "account_names": names_of(accounts),
        "now": clock.now(),
        "words": "",
    }


def list_values(after: Key | None = None) -> dict[str, Any]:
    """Return what the list of conversations shows, with what surrounds it."""
    frame, hidden = list_frame(after), _hidden_lists()
    wanted, now = _filter(frame["work_list"]), frame["now"]
    page = list_inbox(wanted, now, limit=_rows(), after=after)
    return {
        **frame,
        "rows": page.items,
        "next_cursor": write_cursor(page.next_key),
        "work_lists": [
            (each, title, _count(replace(wanted, work_list=each), now))
            for each, title in _TITLES.items()
            if each not in hidden
        ],
        "warnings": warnings_of(
            [each.token for each in frame["accounts"]], list_quiet(current_scope()), now
        ),
    }


def _rows() -> int:
    """Return how many rows to list: more once the reader has scrolled to them."""
    return max(_SHOWN, min(read_row_id(request.args.get("rows", "")) or _SHOWN, MAX_ROWS))


def _filter(work_list: WorkList) -> InboxFilter:
    account_id = asked_account()
    label = request.args.get("label")
    return InboxFilter(
        work_list=work_list,
        account_id=account_id,
        scope=current_scope(),
        operator_id=author_id(),
        label_id=row_id_of(label) if label else None,
    )


def _hidden_lists() -> frozenset[WorkList]:
    """Return the lists without a meaning for the user, or while no one can be assigned."""
    if author_id() is not None:
        return frozenset()
    return frozenset(_OWN_LISTS) | (set() if has_operators() else {WorkList.UNASSIGNED})


def _count(wanted: InboxFilter, now: datetime) -> Markup:
    if wanted.work_list in _OWN_LISTS:
        return _OWN_LISTS[wanted.work_list]
    return _chip(0 if wanted.work_list is WorkList.CLOSED else count_inbox(wanted, now))


def own_counts() -> dict[str, Callable[[], str]]:
    """Return what counts the user's own lists, by the mark that it replaces in a shared page."""
    return {mark: partial(_own_count, work_list) for work_list, mark in _OWN_LISTS.items()}


def _own_count(work_list: WorkList) -> Markup:
    return _chip(count_inbox(_filter(work_list), clock.now()))


def _chip(count: int) -> Markup:
    if not count:
        return Markup()
    return Markup(' <span class="count">{}</span>').format("99+" if count >= MAX_COUNT else count)


def _found(words: str) -> dict[str, Any]:
    shown: dict[str, Any] = {"at": "inbox", "words": words, "now": clock.now(), "accounts": ()}
    before = request.args.get("before")
    try:
        query, found = search_for_user(words, before, limit=_SHOWN)
    except InvalidSearch as error:
        return {**shown, "error": str(error)}
    return {
        **shown,
        "query": query,
        "found": found,
        "next_cursor": write_cursor(found.next_key),
        "is_first": before is None,
        "zone": request.args.get("zone"),
    }
