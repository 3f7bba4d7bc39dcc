import json
import time
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02
from pywebpush import WebPusher
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import HTTPError

from moca import clock
from moca.core.push import (
    STALE_AFTER,
    Push,
    PushAnswer,
    PushOutcome,
    PushSubscription,
    endpoint_fault,
    outcome_of,
)
from moca.deadline import limit_answers
from moca.http_client import request_target
from moca.push.connection import NotPublic, connect_public

_TIMEOUT_SECONDS = 5.0
_SIGNATURE_LASTS = timedelta(hours=12)
_MAX_SECONDS_LENGTH = 5

Connect = Callable[[str, float], HTTPConnectionPool]


class PushClient:
    """Encrypts, signs and delivers push messages (RFC 8291 and 8292); one thread at a time."""

    def __init__(
        self,
        key: Callable[[], ec.EllipticCurvePrivateKey | None],
        contact: str,
        connect: Connect = connect_public,
    ) -> None:
        """Make the client; `contact` is a URL at which push services may complain."""
        self._key = key
        self._contact = contact
        self._connect = connect

    def send(self, push: Push, subscription: PushSubscription) -> PushAnswer:
        """Deliver a push message to one browser, blocking; no problem names the address.

        Raises:
            WrongEncryptionKey: the key was encrypted with another one.
        """
        key = self._key()
        if key is None or endpoint_fault(subscription.endpoint):
            return PushAnswer(PushOutcome.GONE, "not a push service's address, or no key")
        try:
            body = _encrypted(push, subscription)
        except ValueError:
            return PushAnswer(PushOutcome.GONE, "the browser's key is not on the curve")
        return self._post(subscription.endpoint, body, self._headers(key, push, subscription))

    def _headers(
        self, key: ec.EllipticCurvePrivateKey, push: Push, subscription: PushSubscription
    ) -> dict[str, str]:
        url = urlsplit(subscription.endpoint)
        claims = {
            "aud": f"https://{url.hostname}",
            "exp": int((clock.now() + _SIGNATURE_LASTS).timestamp()),
            "sub": self._contact,
        }
        signed: dict[str, str] = Vapid02(key).sign(claims)
        return {
            **signed,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "Host": str(url.hostname),
            "TTL": str(int(STALE_AFTER.total_seconds())),
            "Topic": f"{push.kind}-{push.conversation_id}"[:32],
            "Urgency": "high",
        }

    def _post(self, endpoint: str, body: bytes, headers: dict[str, str]) -> PushAnswer:
        host, path = str(urlsplit(endpoint).hostname), request_target(endpoint)
        try:
            with self._connect(host, _TIMEOUT_SECONDS) as pool:
                ends_at = time.monotonic() + _TIMEOUT_SECONDS
                limit_answers(pool, lambda: ends_at)
                answer = pool.urlopen(
                    "POST", path, body, headers, redirect=False, preload_content=False
                )
                seconds = answer.headers.get("Retry-After", "")
                answer.close()
        except (NotPublic, UnicodeError):
            return PushAnswer(PushOutcome.GONE, "not an address of the public Internet")
        except (HTTPError, OSError) as error:
            return PushAnswer(PushOutcome.FAILED, f"no response: {type(error).__name__}")
        outcome = outcome_of(answer.status)
        problem = "" if outcome is PushOutcome.DELIVERED else f"status {answer.status}"
        return PushAnswer(outcome, problem, timedelta(seconds=_seconds(seconds)))


def _encrypted(push: Push, subscription: PushSubscription) -> bytes:
    keys = subscription.keys._asdict()
    pusher = WebPusher({"endpoint": subscription.endpoint, "keys": keys})
    document = json.dumps(push.document(), ensure_ascii=False).encode()
    return bytes(pusher.encode(document)["body"])


def _seconds(text: str) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MAX_SECONDS_LENGTH
    return int(text) if is_number else 0
