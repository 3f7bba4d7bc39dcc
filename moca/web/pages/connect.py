from datetime import UTC, datetime, timedelta

import structlog
from flask import Blueprint, redirect, render_template, request
from itsdangerous import BadData
from werkzeug.wrappers import Response

from moca import clock
from moca.core.accounts import Flavour, SealedToken, WrongKey
from moca.core.messages.accounts import StoreAccount
from moca.instagram.oauth import Connected, LoginFailed
from moca.web.auth.guards import Access
from moca.web.commands import carry_out
from moca.web.config import Ports, WebConfig
from moca.web.errors import Problem
from moca.web.origin import public_origin

_LOGIN_LASTS = timedelta(minutes=15)
_LONGEST_CODE = 4096

_LOG = structlog.get_logger(__name__)


def connect_routes(ports: Ports, config: WebConfig, access: Access) -> Blueprint:
    """Build the login by which the owner of an account lets Moca in."""
    routes = Blueprint("connect", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_administrator)

    @routes.get("/connect")
    def begin() -> Response:
        if not config.app_id:
            raise Problem(409, "Set instagram.app_id to your Meta app's id to connect accounts.")
        flavour = _flavour(request.args.get("flavour", Flavour.INSTAGRAM_LOGIN))
        state = access.sessions.sign([flavour, int(clock.now().timestamp())])
        client = ports.login()
        try:
            return redirect(client.dialog(flavour, _callback(config), state), 303)
        finally:
            client.close()

    @routes.get("/connect/callback")
    def finish() -> str:
        flavour = _begun(access)
        code = request.args.get("code", "")
        if not code:
            raise Problem(400, "The login was not finished: Meta sent no code. Begin at /connect.")
        if len(code) > _LONGEST_CODE:
            raise Problem(400, "The code is too long to be Meta's.")
        # Meta appends it to the address, and some browsers send it along.
        connected = _connect(ports, flavour, code.removesuffix("#_"), _callback(config))
        for each in connected:
            carry_out(_stored(ports, each), ports, config)
        accounts = [each.account for each in connected]
        return render_template("connected.html", at="connect", accounts=accounts)

    return routes


def _flavour(name: str) -> Flavour:
    try:
        return Flavour(name)
    except ValueError:
        raise Problem(400, f"flavour: it is one of {', '.join(Flavour)}") from None


def _begun(access: Access) -> Flavour:
    try:
        flavour, begun = access.sessions.unsign(request.args.get("state", ""))
    except (BadData, ValueError):
        raise Problem(403, "This login was not begun in this browser. Begin at /connect.") from None
    if clock.now() - datetime.fromtimestamp(begun, UTC) > _LOGIN_LASTS:
        raise Problem(403, "This login took too long. Begin again at /connect.")
    return Flavour(flavour)


def _connect(ports: Ports, flavour: Flavour, code: str, redirect_uri: str) -> tuple[Connected, ...]:
    client = ports.login()
    try:
        connected = client.connect(flavour, code, redirect_uri)
    finally:
        client.close()
    if isinstance(connected, LoginFailed):
        _LOG.warning("account.not_connected", because=connected.because)
        raise Problem(502, f"The account was not connected: {connected.because}")
    return connected


def _stored(ports: Ports, connected: Connected) -> StoreAccount:
    now, grant = clock.now(), connected.grant
    expires_at = None if grant.lifetime is None else now + grant.lifetime
    try:
        token = SealedToken(ports.seal(grant.token), now, expires_at)
    except WrongKey as error:
        raise Problem(503, str(error)) from None
    return StoreAccount(connected.account, token, now, replaces=True)


def _callback(config: WebConfig) -> str:
    return f"{public_origin(config)}/connect/callback"
