from datetime import datetime, timedelta

from flask import Blueprint, render_template

from moca import clock
from moca.storage.reads.journeys import read_journey
from moca.storage.reads.messages import answered_by, latest_messages
from moca.storage.reads.queue import count_queue
from moca.web.access import Access
from moca.web.config import Ports, WebConfig
from moca.web.problems import Problem
from moca.web.stations import brief, stations_of
from moca.web.waiting import outcome_of, waits_for

_LATEST = 30
_MINUTE = 60


def page_routes(ports: Ports, config: WebConfig, access: Access) -> Blueprint:
    """Build the pages for a person to look at."""
    routes = Blueprint("pages", __name__)
    routes.before_request(access.guard_page)
    routes.add_app_template_filter(clock_time)
    routes.add_app_template_filter(brief)
    routes.add_app_template_filter(iso)
    routes.add_app_template_filter(span)

    @routes.get("/")
    def home() -> str:
        with ports.database.connection_context():
            counts = count_queue()
            messages = latest_messages(limit=_LATEST).items
        return render_template("home.html", at="home", counts=counts, messages=messages)

    @routes.get("/messages/<mid:mid>")
    def message(mid: str) -> str:
        with ports.database.connection_context():
            journey = read_journey(mid)
            answers = () if journey is None else answered_by(journey.message.id)
        if journey is None:
            raise Problem(404, "There is no message with this id.")
        waiting = waits_for(journey, clock.now(), config)
        return render_template(
            "message.html",
            journey=journey,
            message=journey.message,
            answers=answers,
            outcome=outcome_of(journey),
            waiting=waiting,
            stations=stations_of(journey, waiting),
        )

    return routes


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
