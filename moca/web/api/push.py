from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca import clock
from moca.core.accounts import WrongEncryptionKey
from moca.core.messages.push import KeepPushKey, SubscribePush, UnsubscribePush
from moca.storage.queries.team.push import is_push_target
from moca.web.api.routes import answer
from moca.web.auth.current_user import current_user
from moca.web.commands import carry_out
from moca.web.config import PushKeySource, WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.schemas.push import PushBody, PushKeyShape, PushShape
from moca.web.schemas.responses import ProblemShape


def with_push(routes: APIBlueprint, ports: WebPorts, config: WebConfig) -> APIBlueprint:
    """Add the routes by which a user's browser subscribes to push messages."""

    @routes.get(
        "/me/push",
        summary="Retrieve the key with which your browser subscribes to push messages",
        responses={200: PushKeyShape, 404: ProblemShape},
    )
    def key() -> Response:
        _own_login()
        return answer(PushKeyShape(key=_public_key(_source(ports), ports, config)))

    @routes.put(
        "/me/push",
        summary="Send push messages to this browser until its session ends",
        responses={200: PushShape, 404: ProblemShape},
    )
    def subscribe(body: PushBody) -> Response:
        _source(ports)
        login_id = _own_login()
        with ports.database.connection_context():
            is_known = is_push_target(login_id, body.endpoint)
        if not is_known:
            subscribed = SubscribePush(login_id, body.endpoint, body.keys, clock.now())
            carry_out(subscribed, ports, config)
        return answer(PushShape(subscribed=True))

    @routes.delete(
        "/me/push",
        summary="Send no more push messages to this browser",
        responses={200: PushShape, 404: ProblemShape},
    )
    def unsubscribe() -> Response:
        carry_out(UnsubscribePush(_own_login()), ports, config)
        return answer(PushShape(subscribed=False))

    return routes


def _own_login() -> int:
    known = current_user()
    if known is None or known.operator_id is None or known.login_id is None:
        raise Problem(404, "Push messages are for users with a name; log in as one.")
    return known.login_id


def _source(ports: WebPorts) -> PushKeySource:
    if ports.push is None:
        raise Problem(
            404, "Push messages need the extra: install it with pip install 'moca-dm[push]'."
        )
    return ports.push


def _public_key(source: PushKeySource, ports: WebPorts, config: WebConfig) -> str:
    try:
        found = source.public_key()
        if found is None:
            carry_out(KeepPushKey(source.make_key()), ports, config)
            found = source.public_key()
    except WrongEncryptionKey as error:
        raise Problem(503, f"The key of push messages cannot be used: {error}") from None
    if found is None:
        raise Problem(503, "Making the key took too long. Try again.")
    return found
