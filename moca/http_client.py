import json
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, Timeout

from moca.deadline import limit_answers, read_answer

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_USUAL_HEADERS = {"Accept-Encoding": "gzip, deflate", "User-Agent": "Moca"}


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class HttpClient:
    """Makes calls over kept connections, each with a total deadline; for one thread.

    No redirect is followed and nothing is repeated. It calls urllib3 directly, since what a session
    of requests adds to each call costs more than the call; proxies and certificates come from the
    environment as they do for requests. A local address needs no proxy.

    Args:
        trusts_environment: Whether the environment may name a proxy and certificates.
    """

    def __init__(self, *, trusts_environment: bool = True) -> None:
        self._trusts_environment = trusts_environment
        self._adapter: Any = HTTPAdapter()
        self._pools: dict[tuple[str, str], HTTPConnectionPool] = {}
        """By scheme and host; the hosts are those of the settings."""
        self._ends_at = 0.0

    def call(
        self,
        method: str,
        url: str,
        *,
        timeout_seconds: float,
        connect_seconds: float | None = None,
        token: str = "",
        headers: Mapping[str, str] = _NO_HEADERS,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        document: object = None,
    ) -> HttpAnswer:
        """Make one call.

        Args:
            method: Such as GET.
            url: Without a query.
            timeout_seconds: Until the last byte of the answer.
            connect_seconds: Until there is a connection; `timeout_seconds` if None.
            token: Sent as a bearer token, in a header; empty for none.
            headers: Sent as well.
            query: Added to the address.
            form: Sent as the body, in place of a document.
            document: Sent as the body, as JSON; None for no body.

        Raises:
            DeadlineExceeded: If the answer is too long.
            OSError: If there is no answer in time; `urllib3.exceptions.HTTPError` likewise.
            ValueError: If the address cannot be called.
        """
        sent = {**_USUAL_HEADERS, **headers}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        body = None
        if form is not None:
            body, sent["Content-Type"] = urlencode(form), "application/x-www-form-urlencoded"
        elif document is not None:
            body, sent["Content-Type"] = json.dumps(document), "application/json"
        pool, address = self._pool(url), f"{url}?{urlencode(query)}" if query else url
        self._ends_at = time.monotonic() + timeout_seconds
        response = pool.urlopen(
            method,
            address if pool.proxy and pool.scheme == "http" else request_target(address),
            body,
            sent,
            timeout=Timeout(connect=connect_seconds or timeout_seconds, read=timeout_seconds),
            retries=False,
            assert_same_host=False,
            redirect=False,
            preload_content=False,
        )
        with closing(response):
            return HttpAnswer(response.status, response.headers, read_answer(response))

    def close(self) -> None:
        """Close every connection."""
        self._pools.clear()
        self._adapter.close()

    def _pool(self, url: str) -> HTTPConnectionPool:
        parts = urlsplit(url)
        origin = parts.scheme, parts.netloc
        if origin not in self._pools:
            self._pools[origin] = self._open_pool(url)
        return self._pools[origin]

    def _open_pool(self, url: str) -> HTTPConnectionPool:
        request = requests.Request("GET", url).prepare()
        with requests.Session() as session:
            session.trust_env = self._trusts_environment and not _is_loopback(url)
            environment = session.merge_environment_settings(url, {}, None, None, None)
        verify, adapter = environment["verify"], self._adapter
        pool: HTTPConnectionPool = adapter.get_connection_with_tls_context(
            request, verify, environment["proxies"]
        )
        adapter.cert_verify(pool, url, verify, None)
        limit_answers(pool, lambda: self._ends_at)
        return pool


def request_target(address: str) -> str:
    """Return what a request names of an address: its path and query."""
    parts = urlsplit(address)
    return f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
