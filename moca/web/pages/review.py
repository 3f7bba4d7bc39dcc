from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from moca import clock
from moca.core.content.splitting import MAX_MESSAGE_BYTES
from moca.core.messages.operator_actions import ApproveReply, DiscardReply
from moca.core.types import MessageStatus
from moca.storage.queries.accounts import list_accounts, names_of
from moca.storage.queries.page_versions import version_of_all
from moca.storage.queries.team.drafts import DraftRecord, count_drafts, list_drafts, read_draft
from moca.web.auth.current_user import current_scope
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import BESIDE_THE_FORM
from moca.web.forms import row_id_of, show_problems_on, text_field
from moca.web.live_pages import POLLS, LivePages
from moca.web.pagination import read_row_id


def review_pages(ports: WebPorts, config: WebConfig, access: Guards, live: LivePages) -> Blueprint:
    """Return the page on which drafts are approved or discarded, one after another."""
    routes = Blueprint("review", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_answers)

    def refusal(problem: str, refused: str) -> str:
        page = live.page(
            "review.html",
            version_of_all,
            lambda: {**_shown(read_row_id(refused)), "problem": problem},
        )
        return page.get_data(as_text=True)

    show_problems_on(routes, refusal, BESIDE_THE_FORM)

    @routes.get("/review")
    def review() -> Response:
        wanted = read_row_id(request.args.get("item", ""))
        return live.show("review.html", version_of_all, lambda: _shown(wanted))

    @routes.post("/review/<number>/approve")
    def approve(number: str) -> WerkzeugResponse:
        item_id = row_id_of(number)
        with ports.database.connection_context():
            draft = read_draft(item_id, current_scope())
        texts = {} if draft is None else _edits(draft)
        carry_out(ApproveReply(item_id, clock.now(), texts), ports, config)
        return _back()

    @routes.post("/review/<number>/discard")
    def discard(number: str) -> WerkzeugResponse:
        carry_out(DiscardReply(row_id_of(number), clock.now()), ports, config)
        return _back()

    return routes


def _shown(wanted: int | None) -> dict[str, Any]:
    """Return what the page shows; called with the database connected.

    A refresh keeps the draft that is shown, even one that no longer waits.
    """
    scope = current_scope()
    listed, count = list_drafts(scope), count_drafts(scope)
    draft = None if wanted is None else read_draft(wanted, scope, of_any=POLLS in request.headers)
    if draft is None and listed:
        draft = read_draft(listed[0], scope)
    return {
        "at": "review",
        "draft": draft,
        "account_names": names_of(list_accounts(scope)),
        "is_over": draft is not None and draft.message.status is not MessageStatus.HELD,
        "count": count,
        "next_id": _next(listed, draft),
        "most_bytes": MAX_MESSAGE_BYTES,
        "written": request.form,
    }


def _edits(draft: DraftRecord) -> dict[int, str]:
    """Return the texts that differ from the draft's; browsers send line ends of their own."""
    edits = {}
    for part in draft.parts:
        name = f"text-{part.item_id}"
        if name in request.form and part.message.text:
            text = text_field(name, max_bytes=MAX_MESSAGE_BYTES)
            if text != part.message.text.replace("\r\n", "\n").strip():
                edits[part.item_id] = text
    return edits


def _next(listed: Sequence[int], draft: DraftRecord | None) -> int | None:
    if draft is None or list(listed) == [draft.item_id]:
        return None
    place = listed.index(draft.item_id) + 1 if draft.item_id in listed else 0
    return listed[place % len(listed)] if listed else None


def _back() -> WerkzeugResponse:
    number = read_row_id(request.args.get("conversation", ""))
    if number is not None:
        return redirect(url_for("conversation.page", number=number), 303)
    return redirect(url_for("review.review"), 303)
