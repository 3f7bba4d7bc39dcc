import hashlib
import hmac
from datetime import timedelta

from flask import request

from moca import clock
from moca.web.auth.client_address import place_of
from moca.web.auth.passwords import LoginThrottle
from moca.web.auth.security_events import SecurityEvent, SecurityEvents
from moca.web.auth.too_many import too_many

_TRIES = 20
_SPAN = timedelta(minutes=5)
_BEGINNING_CHARACTERS = 8


class ApiToken:
    """Checks the API token and limits wrong attempts by address. Thread-safe.

    Clients that know how the token begins are counted separately: behind an untrusted proxy all
    clients share an address, and guessing must not lock out the token's holders.
    """

    def __init__(self, token: str, events: SecurityEvents) -> None:
        self._token = token.encode()
        self._events = events
        self._wrong = LoginThrottle(_TRIES, _SPAN)
        self.hash = hashlib.sha256(b"moca link " + self._token).hexdigest()
        """Identifies in a session the token with which it began."""

    def is_right(self, shown: str) -> bool:
        """Return whether this is the token.

        Raises:
            Problem: 429 after too many wrong attempts from this address.
        """
        given, now, place = shown.encode(errors="replace"), clock.now(), self._place()
        begins_right = hmac.compare_digest(
            given[:_BEGINNING_CHARACTERS], self._token[:_BEGINNING_CHARACTERS]
        )
        is_right = hmac.compare_digest(given, self._token) and bool(self._token)
        knowing = f"{place} knowing"
        knowing_free_at = self._wrong.free_at(knowing, now)
        if is_right and knowing_free_at <= now:
            return True
        free_at = max(knowing_free_at, self._wrong.free_at(place, now))
        if free_at > now:
            self._events.note(SecurityEvent.TOKEN_LOCKED)
            raise too_many("incorrect tokens", free_at - now)
        self._wrong.begin(knowing if begins_right else place, now)
        self._events.note(SecurityEvent.TOKEN_REFUSED)
        return False

    def _place(self) -> str:
        return place_of(request.remote_addr)
