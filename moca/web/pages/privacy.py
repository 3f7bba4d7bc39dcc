import secrets

import structlog
from flask import Blueprint, Response, jsonify, render_template, request

from moca import clock
from moca.core.messages.accounts import MarkTokenDead
from moca.core.messages.housekeeping import EraseForPerson
from moca.instagram.signed_request import SignedRequest, read_signed_request
from moca.storage.queries.accounts import list_accounts
from moca.storage.queries.contacts import find_deletion
from moca.web.commands import carry_out
from moca.web.config import Ports, WebConfig
from moca.web.errors import Problem
from moca.web.origin import public_origin

_LARGEST_BODY_BYTES = 64 * 1024
_LONGEST_CODE = 64
_BECAUSE = "the owner removed the app"

_LOG = structlog.get_logger(__name__)


def privacy_routes(ports: Ports, config: WebConfig) -> Blueprint:
    """Build what Meta calls when a person leaves, and the page where they see how far it is.

    Open to all: Meta signs its calls, and a code that cannot be guessed opens its page.
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
        carry_out(EraseForPerson(signed.user_id, code, clock.now()), ports, config)
        _LOG.info("data_deletion_requested", code=code)
        return jsonify(url=f"{origin}/instagram/data-deletion/{code}", confirmation_code=code)

    @routes.get("/instagram/data-deletion/<code>")
    def status(code: str) -> str:
        with ports.database.connection_context():
            found = find_deletion(code) if len(code) <= _LONGEST_CODE else None
        if found is None:
            raise Problem(404, "No deletion was asked for under this code, or it is long done.")
        return render_template("deletion.html", deletion=found)

    return routes


def _signed(config: WebConfig) -> SignedRequest:
    request.max_content_length = _LARGEST_BODY_BYTES
    shown = request.form.get("signed_request", "")
    signed = read_signed_request(shown, config.app_secrets, clock.now())
    if signed is None:
        raise Problem(403, "signed_request is missing, too old, or made with another secret")
    return signed
