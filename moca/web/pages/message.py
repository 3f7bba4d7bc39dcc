from typing import Any

from flask import Blueprint, Response

from moca import clock
from moca.core.types import ItemStatus, MessageStatus, author_display_name
from moca.storage.queries.journeys import read_journey
from moca.storage.queries.messages import answered_by, find_message
from moca.storage.queries.page_versions import version_of_messages
from moca.storage.queries.queue_forecast import place_of
from moca.web.auth.current_user import current_scope
from moca.web.auth.guards import Guards
from moca.web.config import WebConfig
from moca.web.errors import Problem
from moca.web.live_pages import LivePages
from moca.web.presenters.journey_progress import (
    brief,
    is_condensed,
    outcome_of,
    progress_of,
    waits_for,
)
from moca.web.presenters.silence import what_would_have_answered
from moca.web.presenters.text_markup import hit_excerpt, linked, marked, note_markup
from moca.web.presenters.times import clock_time, iso, rough_length, rough_span, span, with_times

_ENDED = (MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.CANCELLED)


def page_routes(config: WebConfig, access: Guards, live: LivePages) -> Blueprint:
    """Return the page of a message's journey."""
    routes = Blueprint("pages", __name__)
    routes.before_request(access.guard_page)
    texts = (author_display_name, brief, hit_excerpt, linked, marked, note_markup)
    for each in (*texts, clock_time, iso, rough_length, rough_span, span, with_times):
        routes.add_app_template_filter(each)

    @routes.get("/messages/<mid:mid>")
    def message(mid: str) -> Response:
        return live.show(
            "message.html",
            lambda: _version(mid),
            lambda: _shown(mid, config),
            lambda: {"can_be_case": _can_be_case(mid)},
        )

    return routes


def _can_be_case(mid: str) -> bool:
    journey = read_journey(mid)
    return journey is not None and journey.is_decided_by_bot


def _version(mid: str) -> str:
    message = find_message(mid, current_scope())
    if message is None:
        return "none"
    linked = [each for each in (message.id, message.reply_id) if each is not None]
    # While it waits, the queue ahead of it shrinks without any step of its own.
    is_under_way = message.outcome is None and message.status not in _ENDED
    moment = int(clock.now().timestamp()) if is_under_way else 0
    return f"{version_of_messages(linked)}-{moment}"


def _shown(mid: str, config: WebConfig) -> dict[str, Any]:
    journey, now = read_journey(mid, current_scope()), clock.now()
    if journey is None:
        raise Problem(404, "No message with this ID.")
    item = journey.item
    is_pending = item is not None and item.status is ItemStatus.PENDING
    place = place_of(item, now, current_scope()) if item is not None and is_pending else None
    waiting = waits_for(journey, now, config, place)
    return {
        "at": "journey",
        "journey": journey,
        "message": journey.message,
        "answers": answered_by(journey.message.id),
        "outcome": outcome_of(journey),
        "waiting": waiting,
        "progress_steps": progress_of(journey, waiting),
        "is_condensed": is_condensed(journey),
        "otherwise": what_would_have_answered(journey, config),
    }
