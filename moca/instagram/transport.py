import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NewConnectionError,
    ReadTimeoutError,
)

from moca.instagram.deadline import MAX_ANSWER_BYTES, DeadlineAdapter, TooLong, read_answer
from moca.instagram.graph_access import Access
from moca.instagram.usage import regain_access_after, usage_percent


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status."""

    status: int
    document: object = field(repr=False)
    """The body read as JSON; None where it is none."""
    wait: timedelta | None = None
    """How long the usage headers ask this account to wait."""
    usage_percent: float = 0
    """How much of its quota the account has used; Meta throttles at 100."""
    answered_at: datetime | None = None
    """By the clock of whoever answered, in whole seconds."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing readable came back."""

    because: str
    arrived: bool
    """False where the request certainly never reached anybody."""


@dataclass(frozen=True, slots=True)
class NoToken:
    """The call was not made: there is no access token for the account."""

    because: str = "no usable access token for this account"


class GraphTransport:
    """Carries calls to the Graph API over one connection pool; to be used by one thread.

    The access token travels in a header, never in an address, and no redirect is followed.
    """

    def __init__(self, access_for: Callable[[str], Access | None], timeout_seconds: float) -> None:
        self._access_for = access_for
        self._timeout_seconds = timeout_seconds
        self._deadline = DeadlineAdapter()
        self._session = requests.Session()
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, self._deadline)

    def call(
        self,
        method: str,
        path: str,
        account_id: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Answer | NoAnswer | NoToken:
        """Make one call in an account's name; network trouble is an answer too, never raised."""
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
    ) -> Answer | NoAnswer:
        """Make one call in nobody's name, or in that of whoever a token speaks for."""
        # A proxy from the environment is for the world outside, not for the stand-in beside us.
        self._session.trust_env = not _is_loopback(url)
        self._deadline.begin(self._timeout_seconds)
        try:
            with self._session.request(
                method,
                url,
                params=query,
                data=form,
                json=body,
                auth=_Bearer(token),
                timeout=self._timeout_seconds,
                allow_redirects=False,
                stream=True,
            ) as response:
                answer = read_answer(response.raw)
        except TooLong:
            return NoAnswer(f"the answer is longer than {MAX_ANSWER_BYTES >> 20} MiB", arrived=True)
        except (OSError, HTTPError) as error:
            return self._explain(error)
        return Answer(
            response.status_code,
            _read_json(answer),
            regain_access_after(response.headers),
            usage_percent(response.headers),
            read_http_date(response.headers),
        )

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def _explain(self, error: OSError | HTTPError) -> NoAnswer:
        if isinstance(error, ValueError):
            return NoAnswer("the Graph address cannot be called", arrived=False)
        if _never_connected(error):
            return NoAnswer("no connection to Instagram", arrived=False)
        if isinstance(error, requests.Timeout | ReadTimeoutError):
            return NoAnswer(f"no answer within {self._timeout_seconds:g} s", arrived=True)
        return NoAnswer("the connection broke before the answer", arrived=True)


class _Bearer(requests.auth.AuthBase):
    # Given as auth, it also keeps requests from taking another password out of ~/.netrc.
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def is_token(text: str) -> bool:
    """Tell whether a text can be sent as a token at all."""
    return bool(text) and text.isascii() and text.isprintable()


def _never_connected(error: OSError | HTTPError) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    reason = getattr(reason, "original_error", reason)
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def read_http_date(headers: Mapping[str, str]) -> datetime | None:
    """Read the `Date` header; None where there is none that can be read."""
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


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
