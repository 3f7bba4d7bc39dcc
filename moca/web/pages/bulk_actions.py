from collections import Counter
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import NamedTuple

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from moca import clock
from moca.core.messages.command import AwaitedCommand, Conflict, Done, NotFound
from moca.core.messages.labels import LabelConversation
from moca.core.messages.operator_actions import (
    ChangeConversation,
    SnoozeConversation,
    UndoClose,
    UndoSnooze,
)
from moca.core.types import ConversationStatus
from moca.storage.queries.page_versions import version_of_all
from moca.web.auth.account_scope import ids_in_scope
from moca.web.auth.current_user import author_name
from moca.web.auth.guards import Guards
from moca.web.commands import CommandResult, assignment, carry_out_each
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.forms import row_id_of, show_problems
from moca.web.live_pages import LivePages
from moca.web.pages.inbox import assignable, list_place, list_values
from moca.web.pages.undo import MAX_SELECTED, Undoable, done_at, offer_of
from moca.web.pages.work_list_actions import (
    SNOOZES,
    operator_of,
    snooze_end,
    to_conversation,
)
from moca.web.pagination import read_cursor


class Unchanged(NamedTuple):
    """Conversations of a selection that were not changed, for one reason."""

    because: str
    number: int


def bulk_routes(ports: WebPorts, config: WebConfig, access: Guards, live: LivePages) -> Blueprint:
    """Return the actions on the conversations that are selected in the list."""
    routes = Blueprint("bulk", __name__)
    routes.before_request(access.guard_page)

    show_problems(routes, lambda problem: page(problem.status, bulk_problem=problem.message))

    def page(status: int, **shown: object) -> Response:
        after = read_cursor(request.args.get("cursor"), parts=2)
        answer = live.page(
            "inbox.html",
            version_of_all,
            lambda: {**list_values(after), "assignable": assignable(), **shown},
        )
        answer.status_code = status
        return answer

    def act(
        command_for: Callable[[int, datetime], AwaitedCommand], done: Undoable | None = None
    ) -> WerkzeugResponse:
        ids, at = _selected(), clock.now()
        with ports.database.connection_context():
            visible = ids_in_scope(ids)
        results = carry_out_each([command_for(visible[each], at) for each in ids], ports, config)
        by_id = dict(zip(ids, results, strict=True))
        changed = [each for each, result in by_id.items() if isinstance(result, Done)]
        offer = offer_of(done, by_id, at) if done else None
        unchanged = _unchanged(results)
        if not unchanged:
            place = list_place() | (offer.place if offer else {})
            return redirect(url_for("inbox.inbox", **place), 303)
        return page(HTTPStatus.CONFLICT, unchanged=unchanged, changed=len(changed), undo=offer)

    @routes.post("/conversations/bulk/close")
    def close() -> WerkzeugResponse:
        closed, by = ConversationStatus.CLOSED, author_name()
        return act(lambda number, at: ChangeConversation(number, closed, at, by=by), "closed")

    @routes.post("/conversations/bulk/assign/<operator>")
    def assign(operator: str) -> WerkzeugResponse:
        found = operator_of("" if operator == "none" else operator, ports)
        return act(lambda number, _at: assignment(number, *found))

    @routes.post("/conversations/bulk/labels/<label_id>/<any('add', 'remove'):change>")
    def label(label_id: str, change: str) -> WerkzeugResponse:
        label_ids = (row_id_of(label_id),)
        added, removed = (label_ids, ()) if change == "add" else ((), label_ids)
        return act(lambda number, _at: LabelConversation(number, added, removed))

    @routes.post(f"/conversations/bulk/snooze/<any({SNOOZES}):until>")
    def snooze(until: str) -> WerkzeugResponse:
        return act(
            lambda number, at: SnoozeConversation(number, at, snooze_end(until, at)), "snoozed"
        )

    @routes.post("/conversations/bulk/undo/<any('closed', 'snoozed'):done>")
    def undo(done: Undoable) -> WerkzeugResponse:
        command, then = UndoClose if done == "closed" else UndoSnooze, done_at()
        answer = act(lambda number, at: command(number, at, then))
        match _selected():
            case [number] if answer.status_code == HTTPStatus.SEE_OTHER:
                return to_conversation(number)
        return answer

    return routes


def _selected() -> list[int]:
    """Return the ids in the form, in an order that does not depend on the list's.

    Raises:
        Problem: 422 if there are none or too many, 404 if one is no id.
    """
    ids = sorted({row_id_of(number) for number in request.form.getlist("conversation")})
    if not 1 <= len(ids) <= MAX_SELECTED:
        raise Problem(422, f"Select from 1 to {MAX_SELECTED} conversations.")
    return ids


def _unchanged(results: list[CommandResult]) -> tuple[Unchanged, ...]:
    reasons = Counter(_because(each) for each in results if not isinstance(each, Done))
    return tuple(Unchanged(*each) for each in reasons.most_common())


def _because(result: CommandResult) -> str:
    if isinstance(result, Conflict):
        return result.because
    if isinstance(result, NotFound):
        return "the conversation has been erased"
    return "storing this took too long; it may still have been done"
