from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as WerkzeugResponse

from moca import clock
from moca.core.work_lists import WorkList
from moca.storage.queries.inbox import InboxFilter, count_inbox, latest_needing_reply
from moca.storage.queries.page_versions import version_of_all
from moca.storage.queries.team.mentions import latest_mentions
from moca.web.auth.current_user import author_id, current_scope
from moca.web.auth.guards import Guards
from moca.web.live_pages import POLLS, LivePages

OWN_ALERTS = Markup("<!-- my alerts -->")
_ANNOUNCED = 5
_ICON_LASTS_SECONDS = 86_400


def alert_routes(access: Guards, live: LivePages) -> Blueprint:
    """Return what every page polls to show how many conversations need a reply."""
    routes = Blueprint("alerts", __name__)
    routes.before_request(access.guard_page)

    @routes.get("/needs-reply")
    def needs_reply() -> WerkzeugResponse:
        if POLLS not in request.headers:
            return redirect(url_for("inbox.inbox", list=WorkList.NEEDS_REPLY), 303)
        return live.show("needs_reply.html", version_of_all, _needs_reply)

    @routes.get("/icons/<int:count>.svg")
    def icon(count: int) -> Response:
        answer = Response(render_template("icon.svg", count=count), mimetype="image/svg+xml")
        answer.cache_control.max_age = _ICON_LASTS_SECONDS
        return answer

    return routes


def own_alerts() -> str:
    """Return what mentions the user, to stand for `OWN_ALERTS`."""
    operator_id = author_id()
    if operator_id is None:
        return ""
    scope = current_scope()
    mentions = InboxFilter(work_list=WorkList.MENTIONS, operator_id=operator_id, scope=scope)
    return render_template(
        "own_alerts.html",
        count=count_inbox(mentions, clock.now()),
        latest=latest_mentions(operator_id, limit=_ANNOUNCED, scope=scope),
    )


def _needs_reply() -> dict[str, Any]:
    now, scope = clock.now(), current_scope()
    wanted = InboxFilter(work_list=WorkList.NEEDS_REPLY, scope=scope)
    return {
        "count": count_inbox(wanted, now),
        "latest": latest_needing_reply(now, limit=_ANNOUNCED, scope=scope),
        "own_alerts": OWN_ALERTS,
    }
