import io
import time
from http.client import HTTPResponse
from socket import socket
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_ANSWER_BYTES = 4 * 2**20


class TooLong(ValueError):  # noqa: N818 - a value, as all that cannot be read
    """Raised where an answer is longer than `MAX_ANSWER_BYTES`."""


class DeadlineAdapter(HTTPAdapter):
    """Reads each answer, head and body, within one span, however slowly its bytes come.

    A timeout of requests is per read: a server that sends a byte now and then holds a call for
    ever. To be used by one thread.
    """

    def __init__(self) -> None:
        self._ends_at = 0.0
        super().__init__(max_retries=0)

    def begin(self, seconds: float) -> None:
        """Count from now; call it before each request."""
        self._ends_at = time.monotonic() + seconds

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """Give the pool that requests would, whose connections keep the deadline."""
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        if "ConnectionCls" not in vars(pool):
            plain = pool.ConnectionCls
            pool.ConnectionCls = type(
                plain.__name__, (plain,), {"response_class": self._make_response}
            )
        return pool

    def _make_response(self, sock: socket, *args: Any, **kwargs: Any) -> HTTPResponse:
        response = HTTPResponse(sock, *args, **kwargs)
        response.fp.close()
        response.fp = io.BufferedReader(_TimedReader(sock, lambda: self._ends_at))
        return response


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
    """Read what is left of an answer.

    Args:
        raw: as requests gives it where it is asked to stream.

    Raises:
        TooLong: there is more of it than anybody needs.
        OSError: it did not come whole, or not in time; so does `urllib3.exceptions.HTTPError`.
    """
    answer: bytes = raw.read(MAX_ANSWER_BYTES + 1, decode_content=True)
    if len(answer) > MAX_ANSWER_BYTES:
        raise TooLong
    return answer
