import secrets
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import requests

from moca.doctor.finding import Line, fine, wrong

WEBHOOK = "/api/instagram/webhook"


@dataclass(frozen=True, slots=True)
class Knock:
    """What came of asking for the challenge at our own public address."""

    is_tls: bool
    fault: str = ""
    """Why nobody answered; empty where somebody did."""
    status: int = 0
    is_right: bool = False
    """Whether the challenge came back as it was sent."""


def knock(address: str, verify_token: str, timeout_seconds: float) -> Knock:
    """Ask for the challenge as Meta does, once, following no redirect."""
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
        return Knock(is_tls, "its certificate is not valid: Meta refuses it, so renew it")
    except requests.Timeout:
        return Knock(is_tls, f"no answer within {timeout_seconds:g} s: see firewall and proxy")
    except (OSError, ValueError):
        return Knock(is_tls, "it cannot be reached: start Moca, and see DNS, firewall and proxy")
    is_right = answer.status_code == HTTPStatus.OK and answer.text == challenge
    return Knock(is_tls, status=answer.status_code, is_right=is_right)


def url_line(address: str, found: Knock, *, is_live: bool) -> Line:
    """Judge the public address."""
    if found.fault:
        return wrong("public URL", f"{address}: {found.fault}")
    if is_live and not found.is_tls:
        return wrong("public URL", f"{address} has no TLS, which Meta demands: use https://")
    return fine("public URL", f"{address} is reachable{' with TLS' if found.is_tls else ''}")


def challenge_line(found: Knock) -> Line:
    """Judge the handshake."""
    if found.is_right:
        return fine("challenge", "it is answered")
    if found.status == HTTPStatus.FORBIDDEN:
        return wrong(
            "challenge", "the verify token is refused: does web.public_url lead to this Moca?"
        )
    if 300 <= found.status < 400:  # noqa: PLR2004
        return wrong("challenge", "it is redirected, which Meta does not follow: serve it directly")
    return wrong(
        "challenge",
        f"HTTP {found.status} and not the challenge: have the proxy pass {WEBHOOK} to Moca",
    )
