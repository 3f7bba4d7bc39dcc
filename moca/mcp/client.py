import json
import secrets
from collections.abc import Mapping
from contextlib import closing
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import quote

from mcp.server.mcpserver.exceptions import ToolError
from urllib3.exceptions import HTTPError

from moca.deadline import DeadlineExceeded
from moca.http_client import HttpAnswer, HttpClient

JsonObject = dict[str, object]

_NO_QUERY: Mapping[str, str | int | None] = MappingProxyType({})
_CONNECT_SECONDS = 5.0
_TIMEOUT_SECONDS = 30.0


class ApiError(ToolError):
    """Raised when the API refuses a request or cannot be reached; assistants read the message."""


class ApiClient:
    """Calls Moca's HTTP API with one API key, blocking. Thread-safe.

    Neither the environment's proxies nor redirects are followed: they would learn the key.

    Args:
        url: Where Moca is.
        key: Sent with each request.
        timeout_seconds: For each request, until the last byte of its answer.
    """

    def __init__(self, url: str, key: str, timeout_seconds: float = _TIMEOUT_SECONDS) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._timeout_seconds = timeout_seconds

    def get(self, *path: str, **query: str | int | None) -> JsonObject:
        """Return the answer of a GET request; parameters that are None are left out.

        Raises:
            ApiError: If there is none.
        """
        return self._answer(self._send("GET", path, query=query))

    def post(self, *path: str, body: Mapping[str, object]) -> JsonObject:
        """Return the answer of a POST request, which is carried out once.

        Raises:
            ApiError: If there is none.
        """
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        try:
            answer = self._send("POST", path, body=body, headers=headers)
        except ApiError:
            # Only the answer may have been lost; with its key it is the same request.
            answer = self._send("POST", path, body=body, headers=headers)
        return self._answer(answer)

    def _send(
        self,
        method: str,
        path: tuple[str, ...],
        *,
        query: Mapping[str, str | int | None] = _NO_QUERY,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        address = "/".join((self._url, "api", *(quote(each, safe="") for each in path)))
        with closing(HttpClient(trusts_environment=False)) as client:
            try:
                return client.call(
                    method,
                    address,
                    timeout_seconds=self._timeout_seconds,
                    connect_seconds=_CONNECT_SECONDS,
                    token=self._key,
                    query={name: str(each) for name, each in query.items() if each is not None},
                    document=body,
                    headers=headers or {},
                )
            except DeadlineExceeded as error:
                raise ApiError("Moca's answer is too long to be read.") from error
            except (OSError, HTTPError, ValueError) as error:
                told = f"Moca cannot be reached at {self._url} ({type(error).__name__})."
                raise ApiError(f"{told} Check that it runs, and the address.") from error

    def _answer(self, response: HttpAnswer) -> JsonObject:
        try:
            answer = json.loads(response.body)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise ApiError(f"{self._url} answered {response.status}, and is not Moca's API.")
        if response.status < HTTPStatus.BAD_REQUEST:
            return answer
        if response.status == HTTPStatus.UNAUTHORIZED:
            raise ApiError("Moca does not accept this API key: it is wrong, expired or revoked.")
        detail = str(answer.get("detail") or f"Moca answered {response.status}.")
        seconds = response.headers.get("Retry-After")
        raise ApiError(detail if seconds is None else f"{detail} Try again in {seconds} seconds.")
