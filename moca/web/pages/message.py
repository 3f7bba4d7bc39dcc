from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response

from moca import clock
from moca.core.types import ItemStatus, MessageStatus
from moca.storage.queries.journeys import read_journey
from moca.storage.queries.messages import answered_by, find_message
from moca.storage.queries.page_versions import version_of_messages
from moca.storage.queries.queue_forecast import place_of
from moca.web.auth.guards import Access
from moca.web.config import WebConfig
from moca.web.errors import Problem
from moca.web.live_pages import Live
from moca.web.presenters.journey_progress import brief, outcome_of, stations_of, waits_for
from moca.web.presenters.silence import what_would_have_answered

_MINUTE = 60
_ENDED = (MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.CANCELLED)


def page_routes(config: WebConfig, access: Access, live: Live) -> Blueprint:
    """Build the page that tells a message's journey."""
    routes = Blueprint("pages", __name__)
    routes.before_request(access.guard_page)
    routes.add_app_template_filter(clock_time)
    routes.add_app_template_filter(brief)
    routes.add_app_template_filter(iso)
    routes.add_app_template_filter(span)

    @routes.get("/messages/<mid:mid>")
    def message(mid: str) -> Response:
        return live.show("message.html", lambda: _version(mid), lambda: _shown(mid, config))

    return routes


def _version(mid: str) -> str:
    message = find_message(mid)
    if message is None:
        return "none"
    linked = [each for each in (message.id, message.reply_id) if each is not None]
    # While it waits, the line before it grows shorter without any step of its own.
    is_under_way = message.outcome is None and message.status not in _ENDED
    moment = int(clock.now().timestamp()) if is_under_way else 0
    return f"{version_of_messages(linked)}-{moment}"


def _shown(mid: str, config: WebConfig) -> dict[str, Any]:
    journey, now = read_journey(mid), clock.now()
    if journey is None:
        raise Problem(404, "There is no message with this id.")
    item = journey.item
    is_pending = item is not None and item.status is ItemStatus.PENDING
    place = place_of(item, now) if item is not None and is_pending else None
    waiting = waits_for(journey, now, config, place)
    return {
        "at": "journey",
        "journey": journey,
        "message": journey.message,
        "answers": answered_by(journey.message.id),
        "outcome": outcome_of(journey),
        "waiting": waiting,
        "stations": stations_of(journey, waiting),
        "otherwise": what_would_have_answered(journey, config),
    }


def iso(at: datetime) -> str:
    """Write an instant for machines: ISO 8601 in UTC."""
    return at.isoformat().replace("+00:00", "Z")


def clock_time(at: datetime) -> str:
    """Write an instant for people, in UTC; a script turns it into the reader's zone."""
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def span(length: timedelta) -> str:
    """Write how long something took, as short as it reads well."""
    seconds = length.total_seconds()
    if seconds < _MINUTE:
        return f"{seconds:.2f} s"
    return str(timedelta(seconds=round(seconds)))
