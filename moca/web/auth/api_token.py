import hashlib
import hmac
from datetime import timedelta

from flask import request

from moca import clock
from moca.web.auth.client_address import place_of
from moca.web.auth.passwords import Throttle
from moca.web.auth.security_events import SecurityEvent, SecurityEvents
from moca.web.auth.too_many import too_many

_TRIES = 20
_SPAN = timedelta(minutes=5)
_BEGINNING_CHARACTERS = 8


class ApiToken:
    """Compares what is shown with the API token; limits wrong ones by address. For any thread.

    Who knows how the token begins is counted apart: behind a proxy that is not trusted everyone
    shares an address, and those who guess must not shut out who knows.
    """

    def __init__(self, token: str, events: SecurityEvents) -> None:
        self._token = token.encode()
        self._events = events
        self._wrong = Throttle(_TRIES, _SPAN)
        self.hash = hashlib.sha256(b"moca link " + self._token).hexdigest()
        """By which a session tells with which token it began."""

    def is_right(self, shown: str) -> bool:
        """Return whether this is the token.

        Raises:
            Problem: 429, too many wrong ones came from this address.
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
            raise too_many("wrong tokens", free_at - now)
        self._wrong.begin(knowing if begins_right else place, now)
        self._events.note(SecurityEvent.TOKEN_REFUSED)
        return False

    def _place(self) -> str:
        return place_of(request.remote_addr)
