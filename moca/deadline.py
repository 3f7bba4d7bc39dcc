import io
import time
from http.client import HTTPResponse
from socket import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_ANSWER_BYTES = 4 * 2**20


class DeadlineExceeded(ValueError):  # noqa: N818 - a ValueError, like other unreadable answers
    """Raised when an answer is longer than `MAX_ANSWER_BYTES`."""


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
