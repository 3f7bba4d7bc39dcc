from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from pydantic import ValidationError

from moca import clock
from moca.instagram.sandbox.actions import Act
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.threads import SandboxMessage
from moca.storage.queries.journeys import JourneyRecord, read_journey
from moca.web.api.routes import check_body
from moca.web.auth.guards import Access
from moca.web.config import Ports, WebConfig
from moca.web.errors import Problem, invalid
from moca.web.pages.sandbox_actions import do, taps_of, text_of
from moca.web.presenters.journey_progress import (
    Station,
    brief,
    line_ahead,
    outcome_of,
    stations_of,
    waits_for,
)
from moca.web.schemas.requests import SandboxActBody, SandboxBody, TroublesBody

_LONGEST_PSID = 255
_PEOPLE_SHOWN = 50


def sandbox_page(access: Access) -> Blueprint:
    """Build the phone-like page itself."""
    routes = Blueprint("sandbox", __name__)
    routes.before_request(access.guard_page)

    @routes.get("/sandbox")
    def page() -> str:
        return render_template("sandbox.html", at="sandbox", stations=line_ahead())

    return routes


def sandbox_routes(
    sandbox: SandboxInstagram, ports: Ports, config: WebConfig, access: Access
) -> Blueprint:
    """Build what the page asks for once a second, and writing as a contact."""
    routes = Blueprint("sandbox_state", __name__)
    routes.before_request(access.guard_api)
    routes.before_request(check_body)

    @routes.post("/sandbox/write")
    def write() -> tuple[Response, int] | Response:
        try:
            body = SandboxBody.model_validate(request.get_json(silent=True))
        except ValidationError as error:
            return invalid(error)
        return jsonify(mid=sandbox.write(body.psid, body.text, body.name)), 202

    @routes.post("/sandbox/act")
    def act() -> tuple[Response, int] | Response:
        try:
            body = SandboxActBody.model_validate(request.get_json(silent=True))
        except ValidationError as error:
            return invalid(error)
        return jsonify(mid=do(sandbox, Act(**body.model_dump()))), 202

    @routes.put("/sandbox/troubles")
    def trouble() -> Response:
        try:
            body = TroublesBody.model_validate(request.get_json(silent=True))
        except ValidationError as error:
            return invalid(error)
        sandbox.troubles.become(body.troubles)
        return jsonify(troubles=list(sandbox.troubles))

    @routes.get("/sandbox/state")
    def state() -> Response:
        psid, mid = request.args.get("psid", ""), request.args.get("mid")
        if len(psid) > _LONGEST_PSID:
            raise Problem(422, "psid: it is too long")
        thread = sandbox.thread(psid) if psid else ()
        written = [message.mid for message in thread if message.sender == "contact"]
        if mid is not None and "\x00" in mid:
            raise Problem(422, "mid: it must not hold NUL")
        looked_at = mid or (written[-1] if written else None)
        return jsonify(
            now=_iso(clock.now()),
            people=[
                asdict(person) | {"last_at": _iso(person.last_at)}
                for person in sandbox.people()[:_PEOPLE_SHOWN]
            ],
            thread=[_said(message) for message in thread],
            journey=None if looked_at is None else _story(ports, config, looked_at),
        )

    return routes


def _said(message: SandboxMessage) -> dict[str, Any]:
    return {
        "mid": message.mid,
        "sender": message.sender,
        "text": text_of(message),
        "attachments": [each.get("type") for each in message.more.get("attachments", ())],
        "at": _iso(message.at),
        "edits": message.edits,
        "sign": message.sign,
        "taps": taps_of(message),
    }


def _story(ports: Ports, config: WebConfig, mid: str) -> dict[str, Any] | None:
    with ports.database.connection_context():
        journey = read_journey(mid)
    return None if journey is None else _tell(journey, config)


def _tell(journey: JourneyRecord, config: WebConfig) -> dict[str, Any]:
    waiting = waits_for(journey, clock.now(), config)
    return {
        "mid": journey.message.mid,
        "outcome": outcome_of(journey),
        "because": brief(journey.message.because if waiting is None else waiting.because),
        "until": None if waiting is None else _iso(waiting.until),
        "stations": [_station(station) for station in stations_of(journey, waiting)],
    }


def _station(station: Station) -> dict[str, Any]:
    after = station.after
    return {
        "key": station.key,
        "title": station.title,
        "state": station.state,
        "at": _iso(station.at),
        "after_seconds": None if after is None else after.total_seconds(),
        "text": station.text,
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
