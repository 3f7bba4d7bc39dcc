from flask import request

from moca.web.config import WebConfig
from moca.web.errors import Problem


def public_origin(config: WebConfig) -> str:
    """Return `https://host` as clients reach it; only the sandbox trusts the Host header.

    Raises:
        Problem: 503 if a live instance has no public URL configured.
    """
    if config.public_origin:
        return config.public_origin.rstrip("/")
    if config.live:
        raise Problem(503, "Set web.public_url to Moca's public https:// address.")
    return request.host_url.rstrip("/")
