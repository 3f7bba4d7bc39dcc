import hmac
import re
from concurrent.futures import Future
from time import perf_counter

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from moca import clock
from moca.core.inbound.events import Event
from moca.core.messages.command import Done
from moca.core.messages.inbound import SIGNED_BY_NOBODY, RecordWebhook
from moca.instagram.envelope import NotInstagram, NotJson
from moca.instagram.events import TooManyItems, read_webhook
from moca.instagram.signature import signer
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import RETRY_SECONDS, Problem, problem
from moca.web.metrics.prometheus import Metrics

WEBHOOK_PATH = "/api/instagram/webhook"
MAX_BODY_BYTES = 4 * 1024 * 1024
MAX_ITEMS = 20_000
"""Of one body, without empty and repeated ones; Meta sends 1,000 at most, and 4 MiB hold no more
messages than these."""
TAKEN_IN = b"EVENT_RECEIVED"

_LOG = structlog.get_logger(__name__)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,512}")


def webhook_routes(ports: WebPorts, config: WebConfig, metrics: Metrics) -> Blueprint:
    """Return the routes that Instagram calls."""
    routes = Blueprint("webhook", __name__)

    @routes.get(WEBHOOK_PATH)
    def handshake() -> Response:
        return _handshake(config)

    @routes.post(WEBHOOK_PATH)
    def receive() -> Response:
        started = perf_counter()
        try:
            _receive(ports, config)
            answer = Response(TAKEN_IN, mimetype="text/plain")
        except Problem as refused:
            answer = refused.as_json()
        metrics.webhook_answered(answer.status_code, perf_counter() - started)
        return answer

    return routes


def accept_webhook(
    body: bytes, signature: str | None, ports: WebPorts, config: WebConfig
) -> RecordWebhook:
    """Verify and read a webhook; return the command that stores it.

    Raises:
        Problem: If its signature, its form or its number of items is refused.
    """
    secret = signer(body, signature, config.app_secrets)
    ports.note_signing(SIGNED_BY_NOBODY if secret is None else config.names[secret])
    if secret is None:
        raise Problem(
            403, "X-Hub-Signature-256 is missing or was made with a different app secret."
        )
    received_at = clock.now()
    try:
        events = read_events(body, config)
    except NotJson:
        raise Problem(400, "The request body is not valid JSON.") from None
    except NotInstagram:
        raise Problem(404, 'The request body\'s object is not "instagram".') from None
    except TooManyItems as refused:
        raise Problem(413, str(refused)) from None
    return RecordWebhook(body, events, received_at, signature, receipt=Future())


def require_stored(outcome: object) -> None:
    """Check what a webhook's receipt holds, or the error met in waiting for it.

    Raises:
        Problem: 503 if anything but a commit.
    """
    if not isinstance(outcome, Done):
        _LOG.warning("webhook.not_stored", error=type(outcome).__name__)
        message = "The webhook could not be stored. Send it again."
        raise Problem(503, message, retry_after_seconds=RETRY_SECONDS)


def _receive(ports: WebPorts, config: WebConfig) -> None:
    command = accept_webhook(_body(), request.headers.get("X-Hub-Signature-256"), ports, config)
    outcome: object
    try:
        ports.tell(command)
        outcome = command.receipt and command.receipt.result(config.receipt_timeout.total_seconds())
    except Exception as error:  # noqa: BLE001 - on any error, only a commit may be reported as one
        outcome = error
    require_stored(outcome)


def _body() -> bytes:
    too_large = Problem(413, f"The request body is larger than {MAX_BODY_BYTES} bytes.")
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise too_large from None
    if len(body) > MAX_BODY_BYTES:
        raise too_large
    return body


class NotSigned(Exception):  # noqa: N818 - the name states the error
    """Raised for a webhook from another node that no known app secret signed."""


def read_forwarded(body: bytes, signature: str | None, config: WebConfig) -> tuple[Event, ...]:
    """Return the events of a webhook that another node acknowledged.

    It is verified again: others than the nodes may write to the broker.

    Raises:
        NotSigned: If no app secret of this node signed it.
        NotJson: If it is not JSON.
        NotInstagram: If its object is not `instagram`.
    """
    if signer(body, signature, config.app_secrets) is None:
        raise NotSigned
    return read_events(body, config, max_items=None)


def read_events(
    body: bytes, config: WebConfig, max_items: int | None = MAX_ITEMS
) -> tuple[Event, ...]:
    """Return a webhook's events; without `max_items` for one that was already acknowledged.

    Raises:
        NotJson: If the body is not JSON.
        NotInstagram: If its object is not `instagram`.
        TooManyItems: If it has more than `max_items` items with content.
    """
    return read_webhook(
        body,
        live=config.live,
        app_id=config.app_id,
        answer_comments=config.answer_comments,
        max_items=max_items,
    )


def _handshake(config: WebConfig) -> Response:
    mode, token, challenge = (_parameter(name) for name in ("mode", "verify_token", "challenge"))
    if mode is None or token is None or challenge is None:
        return problem(400, "Send hub.mode, hub.verify_token and hub.challenge exactly once each.")
    if mode != "subscribe":
        return problem(400, 'hub.mode must be "subscribe".')
    if not _CHALLENGE.fullmatch(challenge):
        return problem(400, "hub.challenge may contain only letters, digits, - and _.")
    if not _is_same(token, config.verify_token):
        return problem(403, "hub.verify_token is incorrect.")
    return Response(challenge, mimetype="text/plain")


def _is_same(shown: str, secret: str) -> bool:
    return bool(secret) and hmac.compare_digest(shown.encode(), secret.encode())


def _parameter(name: str) -> str | None:
    # Some stacks replace the dots of query keys by underscores.
    values = request.args.getlist(f"hub.{name}") + request.args.getlist(f"hub_{name}")
    return values[0] if len(values) == 1 else None
