import hashlib
import hmac
import json
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

import requests

from moca.core.notifications import Notification

_USER_AGENT = "Moca"
_MAX_REMEMBERED = 1_000


class NotificationTarget(Protocol):
    """Delivers a notification to one place."""

    def send(self, notification: Notification) -> str:
        """Send a notification, blocking; return an empty string on success, else the problem."""


class NotificationClient:
    """Posts notifications as signed JSON to one URL; one thread at a time."""

    def __init__(self, url: str, secret: str, timeout_seconds: float) -> None:
        self._url = url
        self._secret = secret.encode()
        self._timeout_seconds = timeout_seconds

    def send(self, notification: Notification) -> str:
        """Post a notification; return an empty string if it was accepted, else the problem.

        `X-Moca-Signature-256` is `sha256=` and the HMAC of the raw body. No redirect is followed.
        """
        body = json.dumps(document_of(notification)).encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": _USER_AGENT,
            "X-Moca-Signature-256": f"sha256={signature_of(body, self._secret)}",
        }
        try:
            answer = requests.post(
                self._url,
                data=body,
                headers=headers,
                timeout=self._timeout_seconds,
                allow_redirects=False,
                stream=True,
            )
        except requests.RequestException as error:
            return f"no response: {type(error).__name__}"
        with answer:
            is_taken = answer.status_code // 100 == 2  # noqa: PLR2004 - any 2xx
            return "" if is_taken else f"status {answer.status_code}"


class NotificationTargets:
    """Sends notifications to several places; a retry leaves out those that have accepted it."""

    def __init__(self, targets: Sequence[NotificationTarget]) -> None:
        self._targets = targets
        self._accepted: OrderedDict[int, set[int]] = OrderedDict()
        """By notification; forgotten at a restart, after which a place may get it twice."""

    def send(self, notification: Notification) -> str:
        """Send a notification to every place that has not accepted it yet."""
        accepted = self._accepted.pop(notification.id, set())
        problems = []
        for place, target in enumerate(self._targets):
            if place in accepted:
                continue
            problem = target.send(notification)
            if problem:
                problems.append(problem)
            else:
                accepted.add(place)
        if problems:
            self._accepted[notification.id] = accepted
            if len(self._accepted) > _MAX_REMEMBERED:
                self._accepted.popitem(last=False)
        return "; ".join(problems)


def document_of(notification: Notification) -> dict[str, object]:
    """Return a notification as JSON; `id` stays the same when it is sent again."""
    return {
        "id": notification.id,
        "kind": str(notification.kind),
        "reason": notification.because,
        "account_id": notification.account_id or None,
        "contact": notification.psid,
        "conversation_id": notification.conversation_id,
        "at": notification.created_at.isoformat(),
    }


def signature_of(body: bytes, secret: bytes) -> str:
    """Return the signature of a body."""
    return hmac.new(secret, body, hashlib.sha256).hexdigest()
