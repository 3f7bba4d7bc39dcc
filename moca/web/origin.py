from flask import request

from moca.web.config import WebConfig
from moca.web.errors import Problem


def public_origin(config: WebConfig) -> str:
    """Return `https://host` as others reach us; only the sandbox believes the Host header.

    Raises:
        Problem: 503, a live instance was not told its address.
    """
    if config.public_origin:
        return config.public_origin.rstrip("/")
    if config.live:
        raise Problem(503, "Set web.public_url to the https:// address at which Moca is reached.")
    return request.host_url.rstrip("/")
