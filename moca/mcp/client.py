import secrets
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

import requests
from mcp.server.mcpserver.exceptions import ToolError

JsonObject = dict[str, object]

_TIMEOUT_SECONDS = (5.0, 30.0)
"""To connect, and to wait for an answer."""


class ApiError(ToolError):
    """Raised when the API refuses a request or cannot be reached; assistants read the message."""


class ApiClient:
    """Calls Moca's HTTP API with one API key, blocking. Thread-safe.

    Neither the environment's proxies nor redirects are followed: they would learn the key.
    """

    def __init__(self, url: str, key: str) -> None:
        self._url = url.rstrip("/")
        self._key = key

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
        query: Mapping[str, str | int | None] | None = None,
        body: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        address = "/".join((self._url, "api", *(quote(each, safe="") for each in path)))
        with requests.Session() as session:
            session.trust_env = False
            try:
                return session.request(
                    method,
                    address,
                    params=query,
                    json=body,
                    headers={"Authorization": f"Bearer {self._key}", **(headers or {})},
                    timeout=_TIMEOUT_SECONDS,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                told = f"Moca cannot be reached at {self._url} ({type(error).__name__})."
                raise ApiError(f"{told} Check that it runs, and the address.") from error

    def _answer(self, response: requests.Response) -> JsonObject:
        try:
            answer = response.json()
        except requests.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            raise ApiError(f"{self._url} answered {response.status_code}, and is not Moca's API.")
        if response.ok:
            return answer
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            raise ApiError("Moca does not accept this API key: it is wrong, expired or revoked.")
        detail = str(answer.get("detail") or f"Moca answered {response.status_code}.")
        seconds = response.headers.get("Retry-After")
        raise ApiError(detail if seconds is None else f"{detail} Try again in {seconds} seconds.")
