from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import structlog

from actors.runtime.actor import MailboxActor
from actors.runtime.timers import Alarm, Timers
from actors.signals import LookAtTokens
from moca import clock
from moca.core.accounts import SealedToken, TokenState, ailment, is_due, warning
from moca.core.messages.accounts import MarkTokenDead, NoteRefreshFailure, RenewToken
from moca.instagram.oauth import Grant, LoginClient, LoginFailed
from moca.storage.accounts.credentials import AccountBook

log = structlog.get_logger()

_EVERY = timedelta(hours=1)

Record = MarkTokenDead | NoteRefreshFailure | RenewToken


class Tokens(Protocol):
    """Where tokens are, and how one is made to live on."""

    def states(self) -> Sequence[TokenState]:
        """Tell how every account's token is."""

    def refresh(self, account_id: str) -> SealedToken | LoginFailed:
        """Have a token prolonged, over the network."""


@dataclass(frozen=True, slots=True)
class TokenDesk:
    """The tokens of the database, and Meta to refresh them."""

    book: AccountBook
    connect: Callable[[], LoginClient]
    seal: Callable[[str], str]

    def states(self) -> Sequence[TokenState]:
        """Tell how every account's token is."""
        return self.book.tokens()

    def refresh(self, account_id: str) -> SealedToken | LoginFailed:
        """Have a token prolonged, over the network."""
        known = self.book.credentials(account_id)
        if known is None:
            return LoginFailed("its token cannot be read")
        client = self.connect()
        try:
            granted = client.refresh(known.token)
        finally:
            client.close()
        return self._sealed(granted) if isinstance(granted, Grant) else granted

    def _sealed(self, grant: Grant) -> SealedToken:
        now = clock.now()
        expires_at = None if grant.lifetime is None else now + grant.lifetime
        return SealedToken(self.seal(grant.token), now, expires_at)


class TokenKeeperActor(MailboxActor):
    """Refreshes tokens before they end, and says in the log when one is about to; blocking.

    The first `LookAtTokens` begins it; it comes again by itself, every hour.
    """

    def __init__(self, *, tokens: Tokens, record: Callable[[Record], None], timers: Timers) -> None:
        super().__init__()
        self._tokens = tokens
        self._record = record
        tell = self.actor_ref.tell
        self._next_look = Alarm(timers, lambda: tell(LookAtTokens()))
        self._said: dict[str, str] = {}
        """The last line about each account that ails."""

    def on_restart(self) -> None:
        """Go on with the next look."""
        self._look_later()

    def on_receive(self, _message: Any) -> None:
        """Look at every token."""
        self._look_later()
        states = self._tokens.states()
        self._said = {each.account_id: self._look_at(each) for each in states}

    def on_stop(self) -> None:
        """Want no waking any more."""
        self._next_look.cancel()

    def _look_at(self, token: TokenState) -> str:
        now = clock.now()
        if is_due(token, now):
            self._refresh(token)
        told = ailment(token, now) or warning(token, now) or ""
        if told and told != self._said.get(token.account_id):
            log.warning("token_ails", account=token.account_id, because=told)
        return told

    def _refresh(self, token: TokenState) -> None:
        began_at = clock.now()
        made = self._tokens.refresh(token.account_id)
        if isinstance(made, SealedToken):
            self._record(RenewToken(token.account_id, made, clock.now()))
            log.info("token_refreshed", account=token.account_id, until=made.expires_at)
            return
        log.warning("token_not_refreshed", account=token.account_id, because=made.because)
        self._record(NoteRefreshFailure(token.account_id, began_at))
        if made.is_token_dead:
            self._record(MarkTokenDead(token.account_id, made.because, began_at))

    def _look_later(self) -> None:
        self._next_look.set_to(clock.now() + _EVERY)
