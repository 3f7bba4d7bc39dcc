import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
)

from moca.deadline import MAX_ANSWER_BYTES, DeadlineExceeded
from moca.http_client import HttpClient
from moca.instagram.graph_access import GraphAccess
from moca.instagram.usage import regain_access_after, usage_percent


@dataclass(frozen=True, slots=True)
class GraphResponse:
    """An answer, whatever its status."""

    status: int
    document: object = field(repr=False)
    """The body parsed as JSON; None if it is not JSON."""
    wait: timedelta | None = None
    """How long the usage headers ask this account to wait."""
    usage_percent: float = 0
    """The used percentage of the account's quota; Meta throttles at 100."""
    answered_at: datetime | None = None
    """By the server's clock, in whole seconds."""


@dataclass(frozen=True, slots=True)
class NoResponse:
    """No readable answer came."""

    because: str
    arrived: bool
    """False if the request certainly never reached a server."""


@dataclass(frozen=True, slots=True)
class NoToken:
    """The call was not made: there is no access token for the account."""

    because: str = "no valid access token for this account"


class GraphTransport:
    """Makes calls to the Graph API over one connection pool; for one thread.

    The access token is sent in a header, never in a URL, and no redirect is followed.
    """

    def __init__(
        self, access_for: Callable[[str], GraphAccess | None], timeout_seconds: float
    ) -> None:
        self._access_for = access_for
        self._timeout_seconds = timeout_seconds
        self._client = HttpClient()

    def call(
        self,
        method: str,
        path: str,
        account_id: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> GraphResponse | NoResponse | NoToken:
        """Make one call for an account; network failures are returned, never raised."""
        access = self._access_for(account_id)
        if access is None or not is_token(access.token):
            return NoToken()
        return self.fetch(method, access.address(path), token=access.token, query=query, body=body)

    def fetch(
        self,
        method: str,
        url: str,
        *,
        token: str = "",
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        body: object = None,
    ) -> GraphResponse | NoResponse:
        """Make one call without an account, or for the account of a token."""
        try:
            answer = self._client.call(
                method,
                url,
                timeout_seconds=self._timeout_seconds,
                token=token,
                query=query,
                form=form,
                document=body,
            )
        except DeadlineExceeded:
            return NoResponse(
                f"the response is larger than {MAX_ANSWER_BYTES >> 20} MiB", arrived=True
            )
        except (OSError, HTTPError, ValueError) as error:
            return self._explain(error)
        return GraphResponse(
            answer.status,
            _read_json(answer.body),
            regain_access_after(answer.headers),
            usage_percent(answer.headers),
            read_http_date(answer.headers),
        )

    def close(self) -> None:
        """Close every connection."""
        self._client.close()

    def _explain(self, error: OSError | HTTPError | ValueError) -> NoResponse:
        if isinstance(error, ValueError):
            return NoResponse("the Graph API URL cannot be called", arrived=False)
        if _never_connected(error):
            return NoResponse("cannot connect to Instagram", arrived=False)
        if isinstance(error, ReadTimeoutError):
            return NoResponse(f"no response within {self._timeout_seconds:g} s", arrived=True)
        return NoResponse("the connection was lost before the response", arrived=True)


def is_token(text: str) -> bool:
    """Return whether a text is a sendable token."""
    return bool(text) and text.isascii() and text.isprintable()


def _never_connected(error: OSError | HTTPError) -> bool:
    reason = error.original_error if isinstance(error, ProxyError) else error
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def read_http_date(headers: Mapping[str, str]) -> datetime | None:
    """Read the `Date` header; None if it is missing or unreadable."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def _read_json(answer: bytes) -> object:
    try:
        document: object = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    return document
