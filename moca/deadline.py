import io
import time
from http.client import HTTPResponse
from socket import socket
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_ANSWER_BYTES = 4 * 2**20


class DeadlineExceeded(ValueError):  # noqa: N818 - a ValueError, like other unreadable answers
    """Raised when an answer is longer than `MAX_ANSWER_BYTES`."""


class DeadlineAdapter(HTTPAdapter):
    """Limits the total time for each answer, head and body, however slowly its bytes arrive.

    The timeout of requests is per read: a server that sends an occasional byte holds a call
    forever. For one thread.
    """

    def __init__(self) -> None:
        self._ends_at = 0.0
        super().__init__(max_retries=0)

    def begin(self, seconds: float) -> None:
        """Start the clock; call it before each request."""
        self._ends_at = time.monotonic() + seconds

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Return the usual connection pool of requests, with connections that keep the deadline."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        limit_answers(pool, lambda: self._ends_at)
        return pool


class DeadlineSession(requests.Session):
    """A session of requests that limits the total time for each answer; for one thread."""

    def __init__(self) -> None:
        super().__init__()
        self._adapter = DeadlineAdapter()
        for scheme in ("https://", "http://"):
            self.mount(scheme, self._adapter)

    def begin(self, seconds: float) -> None:
        """Start the clock; call it before each request."""
        self._adapter.begin(seconds)

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Prepare a request without parameters, cookies, hooks or a password of the session's own.

        It has none, and merging nothing into each request costs more than the rest of it.
        """
        prepared = requests.PreparedRequest()
        prepared.prepare(
            method=request.method,
            url=request.url,
            headers={**self.headers, **request.headers},
            data=request.data,
            json=request.json,
            params=request.params or None,
            auth=request.auth,
        )
        return prepared


class BearerAuth(requests.auth.AuthBase):
    """Sends a token in a header, or nothing if it is empty."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header to a request."""
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def limit_answers(pool: Any, ends_at: "Callable[[], float]") -> None:
    """Limit the time of each answer in a connection pool of urllib3, however slow its bytes are.

    Args:
        pool: The pool; once it has a limit, it keeps that one.
        ends_at: Returns by when an answer must have ended, by `time.monotonic`.
    """

    def make_response(sock: socket, *args: Any, **kwargs: Any) -> HTTPResponse:
        response = HTTPResponse(sock, *args, **kwargs)
        response.fp.close()
        response.fp = io.BufferedReader(_TimedReader(sock, ends_at))
        return response

    if "ConnectionCls" not in vars(pool):
        plain = pool.ConnectionCls
        timed = {"response_class": staticmethod(make_response)}
        pool.ConnectionCls = type(plain.__name__, (plain,), timed)


class _TimedReader(io.RawIOBase):
    def __init__(self, sock: socket, ends_at: "Callable[[], float]") -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._ends_at = ends_at

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._ends_at() - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def read_answer(raw: Any) -> bytes:
    """Read the rest of an answer.

    Args:
        raw: The raw response of a request with `stream=True`.

    Raises:
        DeadlineExceeded: If the answer is too long.
        OSError: If it is incomplete or late; `urllib3.exceptions.HTTPError` likewise.
    """
    answer: bytes = raw.read(MAX_ANSWER_BYTES + 1, decode_content=True)
    if len(answer) > MAX_ANSWER_BYTES:
        raise DeadlineExceeded
    return answer
