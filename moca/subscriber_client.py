import time
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.exceptions import HTTPError

from moca.core.subscribers import signature_of, url_fault
from moca.deadline import limit_answers
from moca.http_client import request_target
from moca.push.connection import NotPublic, connect_public

_TIMEOUT_SECONDS = 5.0
_GONE = 410
_USER_AGENT = "Moca"

Connect = Callable[[str, int, float], HTTPConnectionPool]


class SubscriberAnswer(NamedTuple):
    """The result of an attempt."""

    fault: str = ""
    """Empty if the event arrived; names no address and quotes no answer."""
    is_gone: bool = False
    """Whether the subscriber answered that it wants no more."""


class SubscriberClient:
    """Posts events, signed by Standard Webhooks; one thread at a time.

    Unless private addresses are allowed, it calls none: a leaked key must not lead into Moca's own
    network. No redirect is followed.
    """

    def __init__(self, *, allows_private: bool = False, connect: Connect | None = None) -> None:
        self._allows_private = allows_private
        self._connect = connect or (_connect_any if allows_private else _connect_public)

    def send(
        self, url: str, secret: str, *, event_id: str, timestamp: int, body: bytes
    ) -> SubscriberAnswer:
        """Post an event, blocking.

        Args:
            url: Where to.
            secret: Signs it.
            event_id: Stays the same when the event is sent again.
            timestamp: Of the attempt, in seconds since 1970.
            body: The event as JSON.
        """
        fault = url_fault(url, allows_private=self._allows_private)
        if fault:
            return SubscriberAnswer(f"url: {fault}")
        headers = {
            "Content-Type": "application/json",
            "Host": urlsplit(url).netloc,
            "User-Agent": _USER_AGENT,
            "webhook-id": event_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature_of(secret, event_id, timestamp, body),
        }
        try:
            status = self._post(url, headers, body)
        except (NotPublic, UnicodeError):
            return SubscriberAnswer(
                "not an address of the public Internet; set notify.allow_private to call it"
            )
        except (HTTPError, OSError) as error:
            return SubscriberAnswer(f"no response: {type(error).__name__}")
        is_taken = status // 100 == 2  # noqa: PLR2004 - any 2xx
        return SubscriberAnswer("" if is_taken else f"status {status}", status == _GONE)

    def _post(self, url: str, headers: dict[str, str], body: bytes) -> int:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = str(parts.hostname)
        if self._allows_private and parts.scheme == "http":
            pool = _connect_plain(host, port, _TIMEOUT_SECONDS)
        else:
            pool = self._connect(host, port, _TIMEOUT_SECONDS)
        with pool:
            ends_at = time.monotonic() + _TIMEOUT_SECONDS
            limit_answers(pool, lambda: ends_at)
            answer = pool.urlopen(
                "POST", request_target(url), body, headers, redirect=False, preload_content=False
            )
            answer.close()
        return int(answer.status)


def _connect_public(host: str, port: int, timeout_seconds: float) -> HTTPConnectionPool:
    return connect_public(host, timeout_seconds, port=port)


def _connect_any(host: str, port: int, timeout_seconds: float) -> HTTPConnectionPool:
    return HTTPSConnectionPool(host, port, timeout=_timeout(timeout_seconds), retries=False)


def _connect_plain(host: str, port: int, timeout_seconds: float) -> HTTPConnectionPool:
    return HTTPConnectionPool(host, port, timeout=_timeout(timeout_seconds), retries=False)


def _timeout(seconds: float) -> Timeout:
    return Timeout(connect=seconds, read=seconds)
