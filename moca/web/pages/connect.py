from datetime import UTC, datetime, timedelta

import structlog
from flask import Blueprint, redirect, render_template, request
from itsdangerous import BadData
from werkzeug.wrappers import Response

from moca import clock
from moca.core.accounts import LoginKind, SealedToken, WrongEncryptionKey
from moca.core.messages.accounts import StoreAccount
from moca.instagram.oauth import Connected, LoginFailed
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.origin import public_origin

_LOGIN_LASTS = timedelta(minutes=15)
_MAX_CODE_LENGTH = 4096

_LOG = structlog.get_logger(__name__)


def connect_routes(ports: WebPorts, config: WebConfig, access: Guards) -> Blueprint:
    """Return the routes of the login by which an account's owner grants access."""
    routes = Blueprint("connect", __name__)
    routes.before_request(access.guard_page)
    routes.before_request(access.require_administrator)

    @routes.get("/connect")
    def begin() -> Response:
        if not config.app_id:
            raise Problem(409, "To connect accounts, set instagram.app_id to your Meta app's ID.")
        flavour = _flavour(request.args.get("flavour", LoginKind.INSTAGRAM_LOGIN))
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
            raise Problem(
                400,
                "The login was not completed: Meta did not send a code. Start again at /connect.",
            )
        if len(code) > _MAX_CODE_LENGTH:
            raise Problem(400, "This code does not come from Meta: it is too long.")
        # Meta appends it to the URL, and some browsers send it along.
        connected = _connect(ports, flavour, code.removesuffix("#_"), _callback(config))
        for each in connected:
            carry_out(_stored(ports, each), ports, config)
        accounts = [each.account for each in connected]
        return render_template("account_connected.html", at="connect", accounts=accounts)

    return routes


def _flavour(name: str) -> LoginKind:
    try:
        return LoginKind(name)
    except ValueError:
        raise Problem(400, f"flavour: must be one of {', '.join(LoginKind)}") from None


def _begun(access: Guards) -> LoginKind:
    try:
        flavour, begun = access.sessions.unsign(request.args.get("state", ""))
    except (BadData, ValueError):
        raise Problem(
            403, "This login was started in another browser. Start again at /connect."
        ) from None
    if clock.now() - datetime.fromtimestamp(begun, UTC) > _LOGIN_LASTS:
        raise Problem(403, "This login has expired. Start again at /connect.")
    return LoginKind(flavour)


def _connect(
    ports: WebPorts, flavour: LoginKind, code: str, redirect_uri: str
) -> tuple[Connected, ...]:
    client = ports.login()
    try:
        connected = client.connect(flavour, code, redirect_uri)
    finally:
        client.close()
    if isinstance(connected, LoginFailed):
        _LOG.warning("account.not_connected", because=connected.because)
        raise Problem(502, f"Could not connect the account: {connected.because}")
    return connected


def _stored(ports: WebPorts, connected: Connected) -> StoreAccount:
    now, grant = clock.now(), connected.grant
    expires_at = None if grant.lifetime is None else now + grant.lifetime
    try:
        token = SealedToken(ports.seal(grant.token), now, expires_at)
    except WrongEncryptionKey as error:
        raise Problem(503, str(error)) from None
    return StoreAccount(connected.account, token, now, replaces=True)


def _callback(config: WebConfig) -> str:
    return f"{public_origin(config)}/connect/callback"
