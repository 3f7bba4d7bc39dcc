import secrets
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import requests

from moca.doctor.finding import Finding, fine, wrong

WEBHOOK = "/api/instagram/webhook"


@dataclass(frozen=True, slots=True)
class PublicUrlCheck:
    """The result of requesting the challenge at Moca's own public URL."""

    is_tls: bool
    fault: str = ""
    """Why there was no answer; empty if there was one."""
    status: int = 0
    is_right: bool = False
    """Whether the challenge came back as it was sent."""


def request_challenge(address: str, verify_token: str, timeout_seconds: float) -> PublicUrlCheck:
    """Request the challenge as Meta does, once, following no redirect."""
    is_tls = urlsplit(address).scheme == "https"
    challenge = secrets.token_hex(8)
    asked = {
        "hub.mode": "subscribe",
        "hub.verify_token": verify_token,
        "hub.challenge": challenge,
    }
    try:
        answer = requests.get(
            address + WEBHOOK, asked, timeout=timeout_seconds, allow_redirects=False
        )
    except requests.exceptions.SSLError:
        return PublicUrlCheck(is_tls, "the TLS certificate is not valid: renew it")
    except requests.Timeout:
        return PublicUrlCheck(
            is_tls, f"no response within {timeout_seconds:g} s: check the firewall and proxy"
        )
    except (OSError, ValueError):
        return PublicUrlCheck(
            is_tls, "cannot be reached: start Moca, and check DNS, firewall and proxy"
        )
    is_right = answer.status_code == HTTPStatus.OK and answer.text == challenge
    return PublicUrlCheck(is_tls, status=answer.status_code, is_right=is_right)


def check_public_url(address: str, found: PublicUrlCheck, *, is_live: bool) -> Finding:
    """Check the public URL."""
    if found.fault:
        return wrong("public URL", f"{address}: {found.fault}")
    if is_live and not found.is_tls:
        return wrong("public URL", f"{address} has no TLS, which Meta requires: use https://")
    return fine("public URL", f"{address} is reachable{' with TLS' if found.is_tls else ''}")


def check_challenge(found: PublicUrlCheck) -> Finding:
    """Check the handshake."""
    if found.is_right:
        return fine("challenge", "answered")
    if found.status == HTTPStatus.FORBIDDEN:
        return wrong(
            "challenge", "the verify token was rejected: does web.public_url point to this Moca?"
        )
    if 300 <= found.status < 400:  # noqa: PLR2004
        return wrong("challenge", "redirected, which Meta does not follow: serve it directly")
    return wrong(
        "challenge",
        f"HTTP {found.status} instead of the challenge: make the proxy forward {WEBHOOK} to Moca",
    )
