from collections.abc import Mapping
from datetime import datetime

from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca import clock
from moca.core.accounts import Account, LoginKind, token_problem, warning
from moca.core.messages.accounts import ChangeAccount, StoreAccount
from moca.core.types import DEFAULT_BOT
from moca.storage.queries.accounts import AccountRecord, find_account, list_accounts
from moca.storage.queries.team.bots import bot_names_of_accounts
from moca.web.account_removal import remove_account
from moca.web.account_tokens import sealed, usual_end
from moca.web.api.routes import answer, api_routes
from moca.web.auth.current_user import current_scope
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.schemas.accounts import (
    AccountBody,
    AccountPatch,
    AccountPath,
    AccountShape,
    AccountsShape,
    RemovedShape,
)
from moca.web.schemas.responses import ProblemShape


def account_routes(ports: WebPorts, config: WebConfig, access: Guards) -> APIBlueprint:
    """Return the routes for accounts; tokens are accepted but never returned."""
    routes = api_routes("accounts", access)
    routes.before_request(access.require_administrator_to_change)

    @routes.get("/accounts", summary="List accounts", responses={200: AccountsShape})
    def accounts() -> Response:
        with ports.database.connection_context():
            found, bots = list_accounts(current_scope()), bot_names_of_accounts()
        return answer(AccountsShape(items=tuple(_shape(each, bots) for each in found)))

    @routes.post(
        "/accounts",
        summary="Connect an account with an access token from Meta's dashboard",
        responses={201: AccountShape, 409: ProblemShape},
    )
    def connect(body: AccountBody) -> Response:
        access.admit_to_all_accounts()
        now = clock.now()
        account = Account(
            account_id=body.account_id,
            flavour=body.flavour,
            username=body.username,
            name=body.name,
            page_id=body.page_id,
            subscribed_fields=body.subscribed_fields,
        )
        token = sealed(ports, body.access_token, now, _end(body, body.flavour, now))
        carry_out(StoreAccount(account, token, now), ports, config)
        return _shown(ports, body.account_id, 201)

    @routes.get(
        "/accounts/<account_id>",
        summary="Retrieve an account",
        responses={200: AccountShape, 404: ProblemShape},
    )
    def account(path: AccountPath) -> Response:
        return _shown(ports, path.account_id)

    @routes.patch(
        "/accounts/<account_id>",
        summary="Update an account; a new access token resumes its queue",
        responses={200: AccountShape, 404: ProblemShape},
    )
    def change(path: AccountPath, body: AccountPatch) -> Response:
        now, known = clock.now(), _find(ports, path.account_id)
        token = None
        if body.access_token is not None:
            token = sealed(ports, body.access_token, now, _end(body, known.flavour, now))
        command = ChangeAccount(
            known.account_id,
            now,
            body.name,
            body.page_id,
            token,
            body.subscribed_fields,
            body.bot,
        )
        carry_out(command, ports, config)
        return _shown(ports, path.account_id)

    @routes.delete(
        "/accounts/<account_id>",
        summary="Remove an account: end its webhooks and delete its access token; its "
        "conversations are kept",
        responses={200: RemovedShape, 404: ProblemShape},
    )
    def remove(path: AccountPath) -> Response:
        because = remove_account(_find(ports, path.account_id).account_id, ports, config)
        shape = RemovedShape(
            account_id=path.account_id,
            removed=True,
            unsubscribed=because is None,
            because=because or "",
        )
        return answer(shape)

    return routes


def _shown(ports: WebPorts, account_id: str, status: int = 200) -> Response:
    account = _find(ports, account_id)
    with ports.database.connection_context():
        bots = bot_names_of_accounts()
    return answer(_shape(account, bots), status)


def _find(ports: WebPorts, account_id: str) -> AccountRecord:
    with ports.database.connection_context():
        found = find_account(account_id)
    if found is None:
        raise Problem(404, "No account with this ID.")
    return found


def _end(body: AccountBody | AccountPatch, flavour: LoginKind, now: datetime) -> datetime | None:
    return body.token_expires_at or usual_end(flavour, now)


def _shape(account: AccountRecord, bots: Mapping[str, str]) -> AccountShape:
    now = clock.now()
    return AccountShape(
        account_id=account.account_id,
        flavour=account.flavour,
        username=account.username,
        name=account.name,
        page_id=account.page_id,
        scopes=account.scopes,
        subscribed_fields=account.subscribed_fields,
        bot=bots.get(account.account_id, DEFAULT_BOT),
        status=account.status,
        because=token_problem(account.token, now) or warning(account.token, now) or "",
        created_at=account.created_at,
        token_issued_at=account.token_issued_at,
        token_expires_at=account.token_expires_at,
        token_refreshed_at=account.refreshed_at,
    )
