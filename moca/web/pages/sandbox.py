from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request
from pydantic import ValidationError

from moca import clock
from moca.instagram.sandbox.accounts import account_username
from moca.instagram.sandbox.actions import SandboxAction
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.threads import SandboxMessage
from moca.storage.queries.accounts import list_accounts, names_of
from moca.storage.queries.journeys import JourneyRecord, read_journey
from moca.web.api.routes import check_body
from moca.web.auth.guards import Guards
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem, invalid
from moca.web.pages.sandbox_actions import do, taps_of, text_of
from moca.web.presenters.journey_progress import (
    ProgressStep,
    brief,
    outcome_of,
    progress_of,
    steps_ahead,
    waits_for,
)
from moca.web.schemas.sandbox import AccountProblemsBody, SandboxActBody, SandboxBody

_MAX_PSID_LENGTH = 255
_MAX_CONTACTS = 50


def sandbox_page(sandbox: SandboxInstagram, ports: WebPorts, access: Guards) -> Blueprint:
    """Return the page that imitates a phone."""
    routes = Blueprint("sandbox", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_all_accounts)

    @routes.get("/sandbox")
    def page() -> str:
        default = sandbox.accounts.account_id
        with ports.database.connection_context():
            names = {default: account_username(default), **names_of(list_accounts())}
        return render_template("sandbox.html", at="sandbox", steps=steps_ahead(), accounts=names)

    return routes


def sandbox_routes(
    sandbox: SandboxInstagram, ports: WebPorts, config: WebConfig, access: Guards
) -> Blueprint:
    """Return what the page polls once a second, and the routes that write as a contact."""
    routes = Blueprint("sandbox_state", __name__)
    routes.before_request(access.guard_api)
    routes.before_request(access.require_all_accounts)
    routes.before_request(check_body)

    @routes.post("/sandbox/write")
    def write() -> tuple[Response, int] | Response:
        try:
            body = SandboxBody.model_validate(request.get_json(silent=True))
        except ValidationError as error:
            return invalid(error)
        return jsonify(mid=sandbox.write(body.psid, body.text, body.name, body.account_id)), 202

    @routes.post("/sandbox/act")
    def act() -> tuple[Response, int] | Response:
        try:
            body = SandboxActBody.model_validate(request.get_json(silent=True))
        except ValidationError as error:
            return invalid(error)
        return jsonify(mid=do(sandbox, SandboxAction(**body.model_dump()))), 202

    @routes.put("/sandbox/troubles")
    def trouble() -> Response:
        try:
            body = AccountProblemsBody.model_validate(request.get_json(silent=True))
        except ValidationError as error:
            return invalid(error)
        sandbox.troubles.become(body.troubles)
        return jsonify(troubles=list(sandbox.troubles))

    @routes.get("/sandbox/state")
    def state() -> Response:
        psid, mid = request.args.get("psid", ""), request.args.get("mid")
        account_id = request.args.get("account_id")
        if len(psid) > _MAX_PSID_LENGTH:
            raise Problem(422, "psid: is too long")
        thread = sandbox.thread(psid, account_id) if psid else ()
        written = [message.mid for message in thread if message.sender == "contact"]
        if mid is not None and "\x00" in mid:
            raise Problem(422, "mid: must not contain NUL")
        looked_at = mid or (written[-1] if written else None)
        return jsonify(
            now=_iso(clock.now()),
            contacts=[
                asdict(contact) | {"last_at": _iso(contact.last_at)}
                for contact in sandbox.list_contacts(account_id)[:_MAX_CONTACTS]
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
        "sign": message.reaction,
        "taps": taps_of(message),
    }


def _story(ports: WebPorts, config: WebConfig, mid: str) -> dict[str, Any] | None:
    with ports.database.connection_context():
        journey = read_journey(mid)
    return None if journey is None else _journey_shown(journey, config)


def _journey_shown(journey: JourneyRecord, config: WebConfig) -> dict[str, Any]:
    waiting = waits_for(journey, clock.now(), config)
    return {
        "mid": journey.message.mid,
        "outcome": outcome_of(journey),
        "because": brief(journey.message.because if waiting is None else waiting.because),
        "until": None if waiting is None else _iso(waiting.until),
        "stages": [_progress_step(step) for step in progress_of(journey, waiting)],
    }


def _progress_step(step: ProgressStep) -> dict[str, Any]:
    after = step.after
    return {
        "key": step.key,
        "title": step.title,
        "state": step.state,
        "at": _iso(step.at),
        "after_seconds": None if after is None else after.total_seconds(),
        "text": step.text,
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat().replace("+00:00", "Z")
