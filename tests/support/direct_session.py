from collections.abc import Iterator
from contextlib import contextmanager

import requests


@contextmanager
def direct_session() -> Iterator[requests.Session]:
    """Yield a session that ignores the proxies and credentials of the environment."""
    with requests.Session() as session:
        session.trust_env = False
        yield session
