from html import escape
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from moca import clock
from moca.instagram.sandbox.account_problems import AccountProblem
from moca.instagram.sandbox.accounts import OTHER_ACCOUNTS, account_username, page_of
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.responses import SandboxResponse, fine, refused

_CALLBACK = "/connect/callback"
_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})
_TWO_MONTHS = 5_183_944
_FIVE_DAYS = 5 * 24 * 3600
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Log in · Sandbox</title><link rel="stylesheet" href="/static/moca.css"></head>
<body><main class="page narrow"><h1>Which account?</h1>
<p>This page of the sandbox stands for Instagram's login. Moca may read and answer the messages of
the account that you choose.</p><ul>{links}</ul></main></body></html>
"""
_INVALID = refused(190, "Invalid OAuth access token", status=401)


def login_blueprint(instagram: SandboxInstagram, public_url: str = "") -> Blueprint:
    """Return the routes of both logins, at the root of the Graph API.

    The owner is asked which account is meant, unless `?account_id=` in the dialog's URL says it,
    and agrees to everything.
    The dialog redirects only to Moca: on this machine, on this host, or on that of `public_url`.
    """
    login = Blueprint("sandbox_login", __name__)
    _add_dialog(login, instagram, public_url)
    _add_instagram(login, instagram)
    _add_facebook(login, instagram)
    return login


def _add_dialog(login: Blueprint, instagram: SandboxInstagram, public_url: str) -> None:
    logins = instagram.accounts.logins

    @login.get("/oauth/authorize")
    def authorize() -> AnyResponse:
        back = request.args.get("redirect_uri", "")
        if not _leads_to_moca(back, public_url) or not request.args.get("client_id"):
            return _respond(refused(100, "Invalid client_id or redirect_uri"))
        account_id = request.args.get("account_id")
        if not account_id:
            return _choice(instagram.accounts.account_id)
        code = logins.give_code(account_id, request.args.get("scope", ""))
        asked = {"code": code, "state": request.args.get("state", "")}
        return redirect(f"{back}?{urlencode(asked)}#_")


def _choice(account_id: str) -> Response:
    """Return the page on which the owner chooses one of the accounts."""
    links = (
        f'<li><a href="{escape("?" + urlencode({**request.args, "account_id": each}))}">'
        f"{account_username(each)}</a></li>"
        for each in dict.fromkeys((account_id, *OTHER_ACCOUNTS))
    )
    return Response(_PAGE.format(links="".join(links)), mimetype="text/html")


def _leads_to_moca(address: str, public_url: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    is_callback = parts.scheme in ("http", "https") and parts.path == _CALLBACK
    hosts = {request.host, urlsplit(public_url).netloc} - {""}
    return is_callback and (parts.netloc in hosts or parts.hostname in _THIS_MACHINE)


def _add_instagram(login: Blueprint, instagram: SandboxInstagram) -> None:
    logins = instagram.accounts.logins

    @login.post("/oauth/access_token")
    def exchange() -> Response:
        given = logins.exchange(request.form.get("code", ""), clock.now())
        if given is None or not request.form.get("client_secret"):
            return _respond(_invalid_code())
        granted = "" if instagram.troubles.has(AccountProblem.SCOPES) else given.scopes
        body = {"access_token": given.token, "user_id": given.account_id, "permissions": granted}
        return _respond(fine(data=[body]))

    @login.get("/access_token")
    def lengthen() -> Response:
        token = logins.prolong(request.args.get("access_token", ""), clock.now())
        return _respond(_long(instagram, token))

    @login.get("/refresh_access_token")
    def refresh() -> Response:
        token, now = request.args.get("access_token", ""), clock.now()
        if logins.is_too_young(token, now):
            return _respond(refused(10, "The access token is less than 24 hours old"))
        return _respond(_long(instagram, logins.prolong(token, now)))


def _add_facebook(login: Blueprint, instagram: SandboxInstagram) -> None:
    logins = instagram.accounts.logins

    @login.get("/<version>/oauth/access_token")
    def facebook_exchange(version: str) -> Response:
        del version
        now, exchanged = clock.now(), request.args.get("fb_exchange_token")
        if exchanged is not None:
            return _respond(_long(instagram, logins.prolong(exchanged, now)))
        given = logins.exchange(request.args.get("code", ""), now)
        if given is None or not request.args.get("client_secret"):
            return _respond(refused(100, "This authorization code has been used", 36009))
        return _respond(fine(access_token=given.token, token_type="bearer", expires_in=3600))  # noqa: S106

    @login.get("/<version>/me/accounts")
    def pages(version: str) -> Response:
        del version
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        account_id = logins.account_of(token, clock.now())
        page_token = logins.prolong(token, clock.now())
        if account_id is None or page_token is None:
            return _respond(_INVALID)
        page: dict[str, object] = {
            "id": page_of(account_id),
            "name": "The Page",
            "access_token": page_token,
        }
        linked = {"id": account_id, "username": account_username(account_id)}
        return _respond(fine(data=[page | {"instagram_business_account": linked}]))


def _long(instagram: SandboxInstagram, token: str | None) -> SandboxResponse:
    if token is None or instagram.troubles.has(AccountProblem.TOKEN):
        return _INVALID
    lives = _FIVE_DAYS if instagram.troubles.has(AccountProblem.TOKEN_AGE) else _TWO_MONTHS
    return fine(access_token=token, token_type="bearer", expires_in=lives)  # noqa: S106


def _invalid_code() -> SandboxResponse:
    body = {"error_type": "OAuthException", "code": 400}
    return SandboxResponse(400, {**body, "error_message": "Invalid authorization code"})


def _respond(answer: SandboxResponse) -> Response:
    response = jsonify(answer.document)
    response.status_code = answer.status
    return response
