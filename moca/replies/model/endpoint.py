import math
import threading
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType

from pydantic import SecretStr
from urllib3 import exceptions

from moca.deadline import DeadlineExceeded
from moca.http_client import HttpAnswer, HttpClient
from moca.replies.model.completion import ModelFault

_MAX_REST = timedelta(hours=1)
_ADVICE = {
    400: "; if it does not support tools, set replies.model.may_hand_over = false",
    401: "; check replies.model.api_key",
    403: "; check replies.model.api_key",
    404: "; check replies.model.url and replies.model.model",
    429: ", too many requests",
}
_MOVED = "; check replies.model.url"


class ModelEndpoint:
    """Posts JSON to one model server; thread-safe, with connections for each thread.

    Args:
        url: Where the paths of its API start.
        key: Sent with each call; empty if the server needs none.
        timeout_seconds: For each call, until the last byte of its answer.
        headers: Sent with each call as well.
    """

    def __init__(
        self,
        url: str,
        key: SecretStr,
        timeout_seconds: float,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._headers = headers
        self._timeout_seconds = timeout_seconds
        self._local = threading.local()

    def post(self, path: str, document: Mapping[str, object]) -> bytes:
        """Post a document; return the answer.

        Raises:
            ModelFault: If there is none, or not with status 200. It quotes neither side.
        """
        try:
            answer = self._client().call(
                "POST",
                self._url + path,
                timeout_seconds=self._timeout_seconds,
                token=self._key.get_secret_value(),
                headers=self._headers,
                document=document,
            )
        except DeadlineExceeded:
            raise unreadable() from None
        except (OSError, exceptions.HTTPError, ValueError) as error:
            raise _fault_of(error) from None
        if answer.status != HTTPStatus.OK:
            raise _refusal(answer)
        return answer.body

    def _client(self) -> HttpClient:
        if not hasattr(self._local, "client"):
            self._local.client = HttpClient()
        client: HttpClient = self._local.client
        return client


def unreadable() -> ModelFault:
    """Return the fault of a malformed answer."""
    return ModelFault("the model server's response cannot be read", again=False)


def _fault_of(error: OSError | exceptions.HTTPError | ValueError) -> ModelFault:
    # A refused connection counts as a timeout of the connection with urllib3.
    is_late = isinstance(error, exceptions.TimeoutError)
    if is_late and not isinstance(error, exceptions.NewConnectionError):
        return ModelFault("the model server did not respond in time", again=True)
    return ModelFault("the model server cannot be reached", again=True)


def _refusal(answer: HttpAnswer) -> ModelFault:
    status = answer.status
    is_elsewhere = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    advice = _MOVED if is_elsewhere else _ADVICE.get(status, "")
    return ModelFault(
        f"the model server responded with {status}{advice}",
        again=status >= HTTPStatus.INTERNAL_SERVER_ERROR,
        rest=_rest(answer.headers) if status == HTTPStatus.TOO_MANY_REQUESTS else None,
    )


def _rest(headers: Mapping[str, str]) -> timedelta | None:
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    if not math.isfinite(seconds) or seconds <= 0:
        return None
    return timedelta(seconds=min(seconds, _MAX_REST.total_seconds()))
