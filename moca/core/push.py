import base64
import binascii
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from moca.core.outbox.call_results import backoff

MAX_ENDPOINT_LENGTH = 1_000
MAX_ATTEMPTS = 3
STALE_AFTER = timedelta(minutes=10)
"""An older push would announce what has long been seen."""
MAX_RETRY_AFTER = timedelta(minutes=5)
_POINT_BYTES = 65
_UNCOMPRESSED = 4
_AUTH_BYTES = 16
_HTTPS_PORT = 443
_HOST = re.compile(
    r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)
_CONTACT = re.compile(r"https://[\w-]+(\.[\w-]+)+", re.ASCII)


class PushKind(StrEnum):
    """The occasions for a push message."""

    NEEDS_REPLY = "needs_reply"
    MENTION = "mention"
    ASSIGNMENT = "assignment"


class SubscriptionKeys(NamedTuple):
    """What a browser gives to encrypt its push messages, in URL-safe base64."""

    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class PushSubscription:
    """A browser that wants push messages, at its push service."""

    id: int
    endpoint: str = field(repr=False)
    keys: SubscriptionKeys = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A push message to some browsers; never contains what a contact wrote."""

    kind: PushKind
    conversation_id: int
    contact: str
    """Display name of the contact."""
    by: str
    """Name of the colleague who mentioned or assigned; empty if none did."""
    at: datetime
    subscriptions: tuple[PushSubscription, ...]

    def document(self) -> dict[str, str]:
        """Return what the browser shows, and the page that it opens."""
        page = f"/conversations/{self.conversation_id}"
        # The tag is that of the page's own notification, so that both show one.
        tag = f"{page}#notes" if self.kind is PushKind.MENTION else page
        return {"title": self.contact, "body": self._body(), "tag": tag, "url": page}

    def _body(self) -> str:
        match self.kind:
            case PushKind.NEEDS_REPLY:
                return "Needs a reply"
            case PushKind.MENTION:
                return f"{self.by} mentioned you"
            case PushKind.ASSIGNMENT:
                return f"{self.by} assigned this conversation to you"


class PushOutcome(StrEnum):
    """What came of one attempt to deliver a push message."""

    DELIVERED = "delivered"
    GONE = "gone"
    """The subscription has ended, or can never work."""
    REFUSED = "refused"
    """It would be refused again."""
    FAILED = "failed"


class PushAnswer(NamedTuple):
    """The outcome of an attempt, why, and when the service wants the next one."""

    outcome: PushOutcome
    problem: str = ""
    retry_after: timedelta = timedelta()


def outcome_of(status: int) -> PushOutcome:
    """Return what an HTTP status of a push service means."""
    if status // 100 == 2:  # noqa: PLR2004 - any 2xx
        return PushOutcome.DELIVERED
    if status in {404, 410}:
        return PushOutcome.GONE
    if status == 429 or status // 100 == 5:  # noqa: PLR2004
        return PushOutcome.FAILED
    return PushOutcome.REFUSED


def retry_at(answer: PushAnswer, attempt: int, now: datetime) -> datetime | None:
    """Return when to try again after this attempt, from 1; None for never."""
    if answer.outcome is not PushOutcome.FAILED or attempt >= MAX_ATTEMPTS:
        return None
    return now + max(backoff(attempt, 1.0), min(answer.retry_after, MAX_RETRY_AFTER))


def contact_for(public_url: str) -> str:
    """Return where push services may complain; they accept a bare `https://host.tld` only."""
    origin = public_url.rstrip("/")
    return origin if _CONTACT.fullmatch(origin) else "mailto:moca@localhost"


def endpoint_fault(endpoint: str) -> str:
    """Return why an address cannot be a push service's, or an empty string.

    It comes from a browser, so that Moca must not be led to its own network: only HTTPS at its own
    port and a name, never a number. What the name stands for is checked as it is called.
    """
    if len(endpoint) > MAX_ENDPOINT_LENGTH:
        return f"must not be longer than {MAX_ENDPOINT_LENGTH} characters"
    if not endpoint.isascii() or not endpoint.isprintable() or " " in endpoint:
        return "must be an ASCII URL"
    try:
        url = urlsplit(endpoint)
        port = url.port
    except ValueError:
        return "must be a URL"
    if url.scheme != "https" or port not in {None, _HTTPS_PORT} or "@" in url.netloc:
        return "must be an https:// URL at port 443 without a user"
    if not _HOST.fullmatch(url.hostname or "") or "\\" in endpoint:
        return "must name a host"
    return ""


def keys_fault(keys: SubscriptionKeys) -> str:
    """Return what is wrong with a browser's keys, or an empty string."""
    point, auth = decoded(keys.p256dh), decoded(keys.auth)
    if point is None or len(point) != _POINT_BYTES or point[0] != _UNCOMPRESSED:
        return "p256dh: must be an uncompressed P-256 point in URL-safe base64"
    if auth is None or len(auth) != _AUTH_BYTES:
        return f"auth: must be {_AUTH_BYTES} bytes in URL-safe base64"
    return ""


def decoded(text: str) -> bytes | None:
    """Return the bytes of URL-safe base64, padded or not; None if it is none."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the public Internet."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    return (
        ip.is_global
        and not ip.is_multicast
        and not ip.is_reserved
        and not getattr(ip, "is_site_local", False)
        and (inner is None or inner.is_global)
    )
