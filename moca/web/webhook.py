import hmac
import re
from concurrent.futures import Future
from time import perf_counter

import structlog
from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from moca import clock
from moca.core.inbound.events import Event
from moca.core.messages.inbound import SIGNED_BY_NOBODY, RecordWebhook
from moca.core.messages.receipt import Done
from moca.instagram.envelope import NotInstagram, NotJson
from moca.instagram.events import read_webhook
from moca.instagram.signature import signer
from moca.web.config import Ports, WebConfig
from moca.web.errors import RETRY_SECONDS, problem
from moca.web.metrics.prometheus import Metrics

WEBHOOK_PATH = "/api/instagram/webhook"
LARGEST_BODY_BYTES = 4 * 1024 * 1024
TAKEN_IN = b"EVENT_RECEIVED"
NOT_STORED = "it could not be stored; send it again"

_LOG = structlog.get_logger(__name__)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,512}")


def webhook_routes(ports: Ports, config: WebConfig, metrics: Metrics) -> Blueprint:
    """Build the routes that Instagram calls."""
    routes = Blueprint("webhook", __name__)

    @routes.get(WEBHOOK_PATH)
    def handshake() -> Response:
        return _handshake(config)

    @routes.post(WEBHOOK_PATH)
    def receive() -> Response:
        started = perf_counter()
        answer = _receive(ports, config)
        metrics.webhook_answered(answer.status_code, perf_counter() - started)
        return answer

    return routes


def _receive(ports: Ports, config: WebConfig) -> Response:
    try:
        body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        return _too_large()
    if len(body) > LARGEST_BODY_BYTES:
        return _too_large()
    secret = signer(body, request.headers.get("X-Hub-Signature-256"), config.app_secrets)
    ports.note_signing(SIGNED_BY_NOBODY if secret is None else config.names[secret])
    if secret is None:
        return problem(403, "X-Hub-Signature-256 is missing or was made with another secret")
    return _take_in(body, ports, config)


def _take_in(body: bytes, ports: Ports, config: WebConfig) -> Response:
    received_at = clock.now()
    try:
        events = read_events(body, config)
    except NotJson:
        return problem(400, "the body is not JSON")
    except NotInstagram:
        return problem(404, "the body's object is not instagram")
    if _is_stored(RecordWebhook(body, events, received_at, Future()), ports, config):
        return Response(TAKEN_IN, mimetype="text/plain")
    return problem(503, NOT_STORED, retry_after_seconds=RETRY_SECONDS)


def read_events(body: bytes, config: WebConfig) -> tuple[Event, ...]:
    """Read what a webhook tells.

    Raises:
        NotJson: the body is not JSON.
        NotInstagram: its object is not `instagram`.
    """
    return read_webhook(
        body, live=config.live, app_id=config.app_id, answer_comments=config.answer_comments
    )


def _is_stored(command: RecordWebhook, ports: Ports, config: WebConfig) -> bool:
    """Have it stored and wait for the commit; tell whether it came in time."""
    receipt = command.receipt
    try:
        ports.tell(command)
        answer = receipt and receipt.result(config.receipt_timeout.total_seconds())
    except Exception as error:  # noqa: BLE001 - whatever it was, only a commit may be told as one
        _LOG.warning("webhook.not_stored", error=type(error).__name__)
        return False
    return isinstance(answer, Done)


def _too_large() -> Response:
    return problem(413, f"the body is larger than {LARGEST_BODY_BYTES} bytes")


def _handshake(config: WebConfig) -> Response:
    mode, token, challenge = (_parameter(name) for name in ("mode", "verify_token", "challenge"))
    if mode is None or token is None or challenge is None:
        return problem(400, "hub.mode, hub.verify_token and hub.challenge must each stand once")
    if mode != "subscribe":
        return problem(400, "hub.mode must be subscribe")
    if not _CHALLENGE.fullmatch(challenge):
        return problem(400, "hub.challenge may hold letters, digits, - and _ only")
    if not _is_same(token, config.verify_token):
        return problem(403, "hub.verify_token is wrong")
    return Response(challenge, mimetype="text/plain")


def _is_same(shown: str, secret: str) -> bool:
    return bool(secret) and hmac.compare_digest(shown.encode(), secret.encode())


def _parameter(name: str) -> str | None:
    # Some stacks turn the dots of query keys into underscores.
    values = request.args.getlist(f"hub.{name}") + request.args.getlist(f"hub_{name}")
    return values[0] if len(values) == 1 else None
