from collections.abc import Callable, Iterable
from concurrent.futures import Future
from io import BytesIO
from time import perf_counter
from typing import Any

from flask import Flask

from moca import clock
from moca.core.messages.reception import RecordWebhook
from moca.instagram.body import NotInstagram, NotJson
from moca.instagram.signature import signer
from moca.web.config import Ports, WebConfig
from moca.web.metrics import Metrics
from moca.web.problems import problem
from moca.web.webhook import LARGEST_BODY_BYTES, TAKEN_IN, WEBHOOK_PATH, is_stored, read_events

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_HEADERS = [
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Length", str(len(TAKEN_IN))),
    ("X-Content-Type-Options", "nosniff"),
]


class Doorway:
    """Takes in a webhook that is as Meta sends it; all else goes on to Flask, as it came.

    To make a request and a response of each costs more than to store it.
    """

    def __init__(self, app: Flask, ports: Ports, config: WebConfig, metrics: Metrics) -> None:
        self._app = app
        self._inside: Wsgi = app.wsgi_app
        self._ports = ports
        self._config = config
        self._metrics = metrics

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request, as WSGI wants it."""
        started = perf_counter()
        command = self._read(environ) if _is_webhook(environ) else None
        if command is None:
            return self._inside(environ, start_response)
        stored = is_stored(command, self._ports, self._config)
        self._metrics.webhook_answered(200 if stored else 503, perf_counter() - started)
        if not stored:
            return self._refuse(environ, start_response)
        start_response("200 OK", _HEADERS)
        return (TAKEN_IN,)

    def _read(self, environ: Environ) -> RecordWebhook | None:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        environ["wsgi.input"] = BytesIO(body)
        header = environ.get("HTTP_X_HUB_SIGNATURE_256")
        secret = signer(body, header, self._config.app_secrets)
        if secret is None:
            return None
        try:
            events = read_events(body, self._config)
        except (NotJson, NotInstagram):
            return None
        self._ports.note_signing(self._config.names[secret])
        return RecordWebhook(body, events, clock.now(), Future())

    def _refuse(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        with self._app.app_context():
            answer = problem(503, "it could not be stored; send it again")
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer(environ, start_response)


def _is_webhook(environ: Environ) -> bool:
    if environ["PATH_INFO"] != WEBHOOK_PATH or environ["REQUEST_METHOD"] != "POST":
        return False
    length = environ.get("CONTENT_LENGTH") or ""
    return length.isascii() and length.isdecimal() and int(length) <= LARGEST_BODY_BYTES
