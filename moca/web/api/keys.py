from datetime import datetime
from typing import NamedTuple

from flask import Response, g
from flask_openapi3.blueprint import APIBlueprint

from moca import clock
from moca.core.messages.api_keys import AddApiKey, RevokeApiKey
from moca.storage.queries.team.api_keys import list_api_keys, read_api_key
from moca.web.api.routes import answer, api_routes
from moca.web.auth.api_keys import new_api_key
from moca.web.auth.guards import Guards
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.forms import row_id_of
from moca.web.schemas.api_keys import (
    ApiKeyBody,
    ApiKeyPath,
    ApiKeyRevokedShape,
    ApiKeyShape,
    ApiKeysShape,
    NewApiKeyShape,
)
from moca.web.schemas.responses import ProblemShape


class AddedKey(NamedTuple):
    """A key that was just added; the key itself is shown once."""

    id: int
    key: str


def add_api_key(body: ApiKeyBody, ports: WebPorts, config: WebConfig) -> AddedKey:
    """Store a new API key.

    Raises:
        Problem: If it is refused, or if this request was carried out before: its key is lost.
    """
    now = clock.now()
    _require_future(body.expires_at, now)
    key, key_hash = new_api_key()
    command = AddApiKey(body.name, key_hash, body.scope.role, body.accounts, body.expires_at, now)
    done = carry_out(command, ports, config)
    g.answer_is_secret = True
    if done.is_repeat or done.id is None:
        raise Problem(
            409,
            "This key was added before, and a key is shown only once. If you lost it, revoke it "
            "and add another.",
        )
    return AddedKey(done.id, key)


def key_routes(ports: WebPorts, config: WebConfig, access: Guards) -> APIBlueprint:
    """Return the routes for API keys."""
    routes = api_routes("keys_api", access)
    routes.before_request(access.require_administrator)
    routes.before_request(access.require_all_accounts)

    @routes.get("/keys", summary="List API keys", responses={200: ApiKeysShape})
    def keys() -> Response:
        with ports.database.connection_context():
            found = list_api_keys()
        return answer(ApiKeysShape.model_validate({"items": found}))

    @routes.post(
        "/keys",
        summary="Add an API key; the answer alone shows it",
        responses={201: NewApiKeyShape, 409: ProblemShape},
    )
    def add(body: ApiKeyBody) -> Response:
        added = add_api_key(body, ports, config)
        with ports.database.connection_context():
            found = read_api_key(added.id)
        if found is None:
            raise Problem(404, "No API key with this ID.")
        shown = ApiKeyShape.model_validate(found).model_dump()
        names = {"accounts": "account_ids", "last_used_at": "used_at"}
        values = {names.get(name, name): value for name, value in shown.items()}
        return answer(NewApiKeyShape.model_validate({**values, "key": added.key}), 201)

    @routes.delete(
        "/keys/<key_id>",
        summary="Revoke an API key",
        responses={200: ApiKeyRevokedShape, 404: ProblemShape},
    )
    def revoke(path: ApiKeyPath) -> Response:
        key_id = row_id_of(path.key_id)
        carry_out(RevokeApiKey(key_id), ports, config)
        return answer(ApiKeyRevokedShape.model_validate({"id": key_id, "revoked": True}))

    return routes


def _require_future(expires_at: datetime | None, now: datetime) -> None:
    if expires_at is not None and expires_at <= now:
        raise Problem(422, "expires_at: must be in the future")
