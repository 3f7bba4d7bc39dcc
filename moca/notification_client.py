import hashlib
import hmac
import json

import requests

from moca.core.notifications import Notice

_USER_AGENT = "Moca"


class NoticeClient:
    """Posts notices as signed JSON to one address; one thread at a time."""

    def __init__(self, url: str, secret: str, timeout_seconds: float) -> None:
        self._url = url
        self._secret = secret.encode()
        self._timeout_seconds = timeout_seconds

    def send(self, notice: Notice) -> str:
        """Post a notice; the empty text where it was taken, else what went wrong.

        `X-Moca-Signature-256` is `sha256=` and the HMAC of the raw body. No redirect is followed.
        """
        body = json.dumps(document_of(notice)).encode()
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
            return f"no answer: {type(error).__name__}"
        with answer:
            is_taken = answer.status_code // 100 == 2  # noqa: PLR2004 - any 2xx
            return "" if is_taken else f"status {answer.status_code}"


def document_of(notice: Notice) -> dict[str, object]:
    """Say a notice as JSON; `id` stays the same when it is sent again."""
    return {
        "id": notice.id,
        "kind": str(notice.kind),
        "reason": notice.because,
        "account_id": notice.account_id,
        "contact": notice.psid,
        "conversation_id": notice.conversation_id,
        "at": notice.created_at.isoformat(),
    }


def signature_of(body: bytes, secret: bytes) -> str:
    """Sign a body."""
    return hmac.new(secret, body, hashlib.sha256).hexdigest()
