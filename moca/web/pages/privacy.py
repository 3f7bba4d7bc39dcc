import secrets

import structlog
from flask import Blueprint, Response, jsonify, render_template, request

from moca import clock
from moca.core.messages.accounts import MarkTokenDead
from moca.core.messages.housekeeping import EraseOnDeletionRequest
from moca.instagram.signed_request import SignedRequest, read_signed_request
from moca.storage.queries.accounts import list_accounts
from moca.storage.queries.contacts import find_deletion
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.origin import public_origin

_MAX_BODY_BYTES = 64 * 1024
_MAX_CODE_LENGTH = 64
_BECAUSE = "the account's owner removed the app"

_LOG = structlog.get_logger(__name__)


def privacy_routes(ports: WebPorts, config: WebConfig) -> Blueprint:
    """Return the callbacks for Meta's deletion requests, and the page that shows their progress.

    Public: Meta signs its calls, and the page requires an unguessable code.
    """
    routes = Blueprint("privacy", __name__)

    @routes.post("/instagram/deauthorize")
    def deauthorize() -> Response:
        signed, now = _signed(config), clock.now()
        with ports.database.connection_context():
            accounts = list_accounts()
        for account in accounts:
            if signed.user_id in (account.app_user_id, account.account_id):
                carry_out(MarkTokenDead(account.account_id, _BECAUSE, now), ports, config)
        return jsonify(success=True)

    @routes.post("/instagram/data-deletion")
    def delete() -> Response:
        signed, origin, code = _signed(config), public_origin(config), secrets.token_urlsafe(16)
        carry_out(EraseOnDeletionRequest(signed.user_id, code, clock.now()), ports, config)
        _LOG.info("data_deletion_requested", code=code)
        return jsonify(url=f"{origin}/instagram/data-deletion/{code}", confirmation_code=code)

    @routes.get("/instagram/data-deletion/<code>")
    def status(code: str) -> str:
        with ports.database.connection_context():
            found = find_deletion(code) if len(code) <= _MAX_CODE_LENGTH else None
        if found is None:
            raise Problem(404, "No data deletion with this code, or it was completed long ago.")
        return render_template("deletion_request.html", deletion=found)

    return routes


def _signed(config: WebConfig) -> SignedRequest:
    request.max_content_length = _MAX_BODY_BYTES
    shown = request.form.get("signed_request", "")
    signed = read_signed_request(shown, config.app_secrets, clock.now())
    if signed is None:
        raise Problem(
            403, "signed_request is missing, expired or signed with a different app secret."
        )
    return signed
