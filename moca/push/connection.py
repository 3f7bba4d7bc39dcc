import socket
from collections.abc import Callable

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.util.ssl_ import create_urllib3_context

from moca.core.push import is_public

_PORT = 443

Resolve = Callable[[str], list[str]]


class NotPublic(Exception):  # noqa: N818 - the name states the error
    """Raised if a name stands for no address of the public Internet."""


def resolve(host: str) -> list[str]:
    """Return the addresses that a name stands for.

    Raises:
        OSError: the name is not known.
    """
    found = socket.getaddrinfo(host, _PORT, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def connect_public(
    host: str, timeout_seconds: float, resolved: Resolve = resolve, *, port: int = _PORT
) -> HTTPConnectionPool:
    """Return a connection to a host of the public Internet, opened with the first request.

    It goes to the very address that was checked: a name may stand for another one a moment later.

    Raises:
        NotPublic: one of the host's addresses is private, as none of a push service's is.
        OSError: the name is not known.
    """
    addresses = resolved(host)
    if not addresses or not all(map(is_public, addresses)):
        raise NotPublic
    context = create_urllib3_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return HTTPSConnectionPool(
        addresses[0],
        port,
        timeout=Timeout(connect=timeout_seconds, read=timeout_seconds),
        retries=False,
        maxsize=1,
        ssl_context=context,
        server_hostname=host,
        assert_hostname=host,
    )
