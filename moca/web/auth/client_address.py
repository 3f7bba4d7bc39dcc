from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SITE_BITS = 64
"""Of an IPv6 address: a customer has all addresses with this prefix."""


class ClientAddress:
    """WSGI middleware: takes the client's address and scheme from trusted proxies.

    The client is the rightmost address of X-Forwarded-For that is not a trusted proxy's. Without a
    trusted proxy in front, both headers are only a client's claim, and are ignored.
    """

    def __init__(self, app: "WSGIApplication", trusted: Sequence[str]) -> None:
        self._app = app
        self._trusted = tuple(ip_network(each) for each in trusted)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer as the wrapped application does."""
        peer = environ.get("REMOTE_ADDR", "")
        if _is_in(peer, self._trusted):
            forwarded = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
            environ["REMOTE_ADDR"] = client_of(peer, forwarded, self._trusted)
            scheme = environ.get("HTTP_X_FORWARDED_PROTO", "").rpartition(",")[2].strip()
            if scheme in ("http", "https"):
                environ["wsgi.url_scheme"] = scheme
        return self._app(environ, start_response)


def client_of(
    peer: str, forwarded: Sequence[str], trusted: Sequence[IPv4Network | IPv6Network]
) -> str:
    """Return the client's address behind trusted proxies; `peer` if none is named."""
    client = peer
    for named in reversed(forwarded):
        if not _is_in(client, trusted):
            break
        try:
            client = str(ip_address(named.strip()))
        except ValueError:
            break
    return client


def place_of(address: str | None) -> str:
    """Return the network within which one client can choose addresses, to count its attempts."""
    try:
        known = ip_address(address or "")
    except ValueError:
        return "elsewhere"
    if not isinstance(known, IPv6Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return str(ip_network((int(known), _SITE_BITS), strict=False))


def _is_in(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        known = ip_address(address)
    except ValueError:
        return False
    mapped = known.ipv4_mapped if isinstance(known, IPv6Address) else None
    return any((mapped or known) in network for network in networks)
