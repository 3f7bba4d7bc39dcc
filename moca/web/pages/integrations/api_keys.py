from datetime import timedelta

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as WerkzeugResponse

from moca import clock
from moca.core.messages.api_keys import RevokeApiKey
from moca.storage.queries.accounts import list_accounts
from moca.storage.queries.team.api_keys import list_api_keys, read_api_key
from moca.web.api.keys import add_api_key
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import BESIDE_THE_FORM, Problem
from moca.web.forms import number_field, row_id_of, show_problems_on, text_field, validated
from moca.web.schemas.api_keys import MAX_KEY_NAME_LENGTH, ApiKeyBody, Scope

_MAX_DAYS = 3650
_USUAL_DAYS = 365


def api_key_pages(ports: WebPorts, config: WebConfig, access: Guards) -> Blueprint:
    """Return the administrators' page of API keys."""
    routes = Blueprint("api_keys", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_administrator)

    def page(problem: str = "", refused: str = "", added: str = "") -> str:
        with ports.database.connection_context():
            keys, accounts = list_api_keys(), list_accounts()
        return render_template(
            "api_keys.html",
            at="users",
            keys=keys,
            accounts=accounts,
            scopes=tuple(Scope),
            now=clock.now(),
            name_length=MAX_KEY_NAME_LENGTH,
            usual_days=_USUAL_DAYS,
            max_days=_MAX_DAYS,
            problem=problem,
            refused=refused,
            added=added,
            draft=request.form,
        )

    show_problems_on(routes, page, BESIDE_THE_FORM)

    @routes.get("/keys")
    def keys() -> str:
        return page()

    @routes.post("/keys")
    def add() -> Response:
        added = add_api_key(_body(), ports, config)
        return Response(page(added=added.key), 201, mimetype="text/html")

    @routes.get("/keys/<number>/revoke")
    def ask(number: str) -> str:
        with ports.database.connection_context():
            key = read_api_key(row_id_of(number))
        if key is None:
            raise Problem(404, "No API key with this number.")
        return render_template("api_key_revocation.html", at="users", key=key)

    @routes.post("/keys/<number>/revoke")
    def revoke(number: str) -> WerkzeugResponse:
        carry_out(RevokeApiKey(row_id_of(number)), ports, config)
        return redirect("/keys", 303)

    return routes


def _body() -> ApiKeyBody:
    days = number_field("days", most=_MAX_DAYS)
    values = {
        "name": text_field("name", longest=MAX_KEY_NAME_LENGTH),
        "scope": request.form.get("scope"),
        "accounts": tuple(request.form.getlist("account")),
        "expires_at": None if days is None else (clock.now() + timedelta(days=days)).isoformat(),
    }
    return validated(ApiKeyBody, values)
