from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import structlog

from actors.runtime.actor import MailboxActor
from actors.runtime.timers import ActorTimer, Timers
from actors.signals import RefreshTokens
from moca import clock
from moca.core.accounts import SealedToken, TokenState, is_due, token_problem, warning
from moca.core.messages.accounts import MarkTokenDead, RecordRefreshFailure, RenewToken
from moca.instagram.oauth import Grant, LoginClient, LoginFailed
from moca.storage.accounts.credentials import CredentialStore

log = structlog.get_logger()

_EVERY = timedelta(hours=1)

Record = MarkTokenDead | RecordRefreshFailure | RenewToken


class TokenRefresh(Protocol):
    """Where tokens are stored, and the call that refreshes one."""

    def states(self) -> Sequence[TokenState]:
        """Return the state of every account's token."""

    def refresh(self, account_id: str) -> SealedToken | LoginFailed:
        """Refresh a token over the network."""


@dataclass(frozen=True, slots=True)
class GraphTokenRefresh:
    """Tokens stored in the database, refreshed by Meta."""

    book: CredentialStore
    connect: Callable[[], LoginClient]
    seal: Callable[[str], str]

    def states(self) -> Sequence[TokenState]:
        """Return the state of every account's token."""
        return self.book.tokens()

    def refresh(self, account_id: str) -> SealedToken | LoginFailed:
        """Refresh a token over the network."""
        known = self.book.credentials(account_id)
        if known is None:
            return LoginFailed("the access token cannot be decrypted")
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


class TokenRefreshActor(MailboxActor):
    """Refreshes tokens before they expire, and logs those about to expire; blocking.

    Starts with the first `RefreshTokens` and then repeats every hour.
    """

    def __init__(
        self, *, tokens: TokenRefresh, record: Callable[[Record], None], timers: Timers
    ) -> None:
        super().__init__()
        self._tokens = tokens
        self._record = record
        tell = self.actor_ref.tell
        self._next_look = ActorTimer(timers, lambda: tell(RefreshTokens()))
        self._reported: dict[str, str] = {}
        """The last warning logged for each account with a problem."""

    def on_restart(self) -> None:
        """Continue with the next round."""
        self._look_later()

    def on_receive(self, _message: object) -> None:
        """Check every token."""
        self._look_later()
        states = self._tokens.states()
        self._reported = {each.account_id: self._look_at(each) for each in states}

    def on_stop(self) -> None:
        """Cancel the timer."""
        self._next_look.cancel()

    def _look_at(self, token: TokenState) -> str:
        now = clock.now()
        if is_due(token, now):
            self._refresh(token)
        problem = token_problem(token, now) or warning(token, now) or ""
        if problem and problem != self._reported.get(token.account_id):
            log.warning("token_ails", account=token.account_id, because=problem)
        return problem

    def _refresh(self, token: TokenState) -> None:
        began_at = clock.now()
        made = self._tokens.refresh(token.account_id)
        if isinstance(made, SealedToken):
            self._record(RenewToken(token.account_id, made, clock.now()))
            log.info("token_refreshed", account=token.account_id, until=made.expires_at)
            return
        log.warning("token_not_refreshed", account=token.account_id, because=made.because)
        self._record(RecordRefreshFailure(token.account_id, began_at))
        if made.is_token_dead:
            self._record(MarkTokenDead(token.account_id, made.because, began_at))

    def _look_later(self) -> None:
        self._next_look.set_to(clock.now() + _EVERY)
