from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import structlog
from freezegun.api import FrozenDateTimeFactory

from actors.background.token_refresh import TokenRefreshActor
from actors.runtime.dispatchers import SteppingDispatcher
from actors.runtime.timers import ManualTimers
from actors.signals import RefreshTokens
from moca import clock
from moca.core.accounts import Account, AccountStatus, LoginKind, SealedToken, TokenState
from moca.core.messages.accounts import (
    ChangeAccount,
    MarkTokenDead,
    RecordRefreshFailure,
    RenewToken,
    StoreAccount,
)
from moca.core.outbox.delivery import AccountStopped, Delivered, Throttled
from moca.instagram.oauth import LoginFailed
from moca.storage.queries.accounts import AccountRecord, find_account
from tests.support.factory import ANNA, NOON
from tests.support.system import SteppedSystem
from tests.support.values import of_kind, present

ACCOUNT = ANNA.account_id
TOKEN = SealedToken("sealed", NOON, NOON + timedelta(days=60))
DEAD = AccountStopped("Graph 190: the access token is not valid", is_token_dead=True)


class FakeTokens:
    """One account's token, and the result of its refresh."""

    def __init__(self) -> None:
        self.state = TokenState(
            account_id=ACCOUNT,
            flavour=LoginKind.INSTAGRAM_LOGIN,
            status=AccountStatus.ACTIVE,
            issued_at=NOON - timedelta(days=52),
            expires_at=NOON + timedelta(days=8),
        )
        self.brings: SealedToken | LoginFailed = SealedToken(
            "fresh", NOON, NOON + timedelta(days=60)
        )
        self.asked_at: list[float] = []

    def states(self) -> tuple[TokenState]:
        return (self.state,)

    def refresh(self, account_id: str) -> SealedToken | LoginFailed:
        now = clock.now()
        self.asked_at.append((now - NOON).total_seconds() / 3600)
        if isinstance(self.brings, LoginFailed):
            failures = self.state.refresh_failures + 1
            self.state = replace(self.state, refresh_failures=failures, refresh_failed_at=now)
        else:
            self.state = replace(self.state, issued_at=now, expires_at=self.brings.expires_at)
        return self.brings


def the_account(system: SteppedSystem) -> AccountRecord | None:
    with system._database.connection_context():
        return find_account(ACCOUNT)


def connect(system: SteppedSystem) -> None:
    system.actors.tell(StoreAccount(Account(account_id=ACCOUNT), TOKEN, clock.now()))
    system.settle()


def test_a_dead_token_marks_the_account_and_a_new_one_lets_its_queue_go_on(
    system: SteppedSystem,
) -> None:
    connect(system)
    system.instagram.next_results.append(DEAD)
    system.receive("hello")
    system.advance(6)
    dead = present(the_account(system))
    assert (dead.status, dead.because) == (AccountStatus.DEAD, DEAD.because)
    assert system.actors.health_problems().accounts == {ACCOUNT: DEAD.because}
    assert system.instagram.reached == []

    system.actors.tell(ChangeAccount(ACCOUNT, clock.now(), token=TOKEN))
    system.advance(7)
    assert [call.text for call in system.instagram.reached] == [
        "This would be an AI generated message"
    ]
    assert present(the_account(system)).status is AccountStatus.ACTIVE
    assert system.actors.health_problems().accounts == {}


def test_a_new_token_does_not_cut_a_throttle_short(system: SteppedSystem) -> None:
    connect(system)
    system.instagram.next_results.append(Throttled("613", timedelta(minutes=5)))
    system.receive("hello")
    system.advance(6)
    system.actors.tell(ChangeAccount(ACCOUNT, clock.now(), token=TOKEN))
    system.advance(290)
    assert system.instagram.reached == []
    system.advance(10)
    assert len(system.instagram.reached) == 1


def test_a_restriction_is_no_dead_token(system: SteppedSystem) -> None:
    connect(system)
    system.instagram.next_results.append(AccountStopped("Graph 368: blocked"))
    system.instagram.next_results.append(Delivered("ig-1"))
    system.receive("hello")
    system.advance(6)
    assert present(the_account(system)).status is AccountStatus.ACTIVE
    system.advance(60)
    assert not system.instagram.next_results


class SteppedTokenRefresh:
    """The token refresh alone, stepped on a frozen clock."""

    def __init__(self, frozen: FrozenDateTimeFactory) -> None:
        self.tokens = FakeTokens()
        self.recorded: list[object] = []
        self.dispatcher = SteppingDispatcher()
        self.timers = ManualTimers()
        self._frozen = frozen
        self.ref = TokenRefreshActor.start_on(
            self.dispatcher, tokens=self.tokens, record=self.recorded.append, timers=self.timers
        )
        self.ref.tell(RefreshTokens())

    def advance(self, hours: int) -> None:
        """Advance the time, stopping at every look."""
        end = clock.now() + timedelta(hours=hours)
        while (due := self._settled()) is not None and due <= end:
            self._frozen.move_to(due)
        self._frozen.move_to(end)

    def _settled(self) -> datetime | None:
        while self.dispatcher.step() or self.timers.advance_to(clock.now()):
            pass
        return self.timers.next_at


@pytest.fixture
def keeper(frozen: FrozenDateTimeFactory) -> Iterator[SteppedTokenRefresh]:
    keeper = SteppedTokenRefresh(frozen)
    yield keeper
    keeper.ref.stop(block=False)
    keeper.dispatcher.stop()


def test_a_token_near_its_end_is_refreshed_by_itself(keeper: SteppedTokenRefresh) -> None:
    keeper.advance(3)
    assert keeper.tokens.asked_at == [0]
    assert keeper.recorded == [
        RenewToken(ACCOUNT, of_kind(keeper.tokens.brings, SealedToken), NOON)
    ]
    keeper.tokens.state = replace(keeper.tokens.state, expires_at=NOON + timedelta(days=9))
    keeper.advance(22)
    assert keeper.tokens.asked_at == [0, 24]


def test_a_refresh_that_fails_is_tried_less_and_less_often_until_the_end(
    keeper: SteppedTokenRefresh,
) -> None:
    keeper.tokens.brings = LoginFailed("cannot connect to Instagram")
    keeper.advance(10 * 24)
    assert keeper.tokens.asked_at == [0, 1, 3, 7, 15, 31, 55, 79, 103, 127, 151, 175]
    assert keeper.recorded[0] == RecordRefreshFailure(ACCOUNT, NOON)
    assert len(keeper.recorded) == 12


def test_a_refresh_that_says_the_token_is_dead_marks_the_account(
    keeper: SteppedTokenRefresh,
) -> None:
    because = "Graph 190: the access token is not valid"
    keeper.tokens.brings = LoginFailed(because, is_token_dead=True)
    keeper.advance(0)
    assert keeper.recorded == [
        RecordRefreshFailure(ACCOUNT, NOON),
        MarkTokenDead(ACCOUNT, because, NOON),
    ]


def test_a_token_s_end_is_announced_in_the_log_once_for_each_span(
    keeper: SteppedTokenRefresh,
) -> None:
    keeper.tokens.brings = LoginFailed("cannot connect to Instagram")
    keeper.tokens.state = replace(
        keeper.tokens.state,
        refresh_failures=9,
        refresh_failed_at=NOON + timedelta(days=20),
        expires_at=NOON + timedelta(days=15),
    )
    with structlog.testing.capture_logs() as lines:
        keeper.advance(15 * 24)
    told = [line["because"].split(",")[0] for line in lines if line["event"] == "token_ails"]
    assert told == [
        "the access token expires within 14 days",
        "the access token expires within 7 days",
        "the access token expires within 1 day",
        "the access token has expired; connect the account again or paste a new token",
    ]
