from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import peewee
import pytest

from moca.core.accounts import (
    Account,
    AccountStatus,
    Credentials,
    LoginKind,
    SealedToken,
    WrongEncryptionKey,
)
from moca.core.messages.accounts import (
    AccountChanged,
    ChangeAccount,
    MarkTokenDead,
    RecordProfile,
    RecordRefreshFailure,
    RemoveAccount,
    RenewToken,
    StoreAccount,
)
from moca.core.messages.command import Command, Conflict, Done, NotFound
from moca.core.outbox.account_rests import RestingAccount
from moca.core.profile import IceBreaker, MenuItem, MessengerProfile, ProfileFingerprints
from moca.storage.accounts.credentials import CredentialStore, require_key, reseal_tokens
from moca.storage.accounts.vault import Vault
from moca.storage.db import tables
from moca.storage.outbox.results import StoredRest, rest_accounts, resting_accounts
from moca.storage.queries.accounts import AccountRecord, find_account, list_accounts, shown_profiles
from tests.storage.desk import Desk
from tests.support.factory import at
from tests.support.values import present

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
OTHER_KEY = "MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
SHOP = Account(
    account_id="17841400000000002",
    username="the_shop",
    app_user_id="900",
    scopes=("instagram_business_basic", "instagram_business_manage_messages"),
    subscribed_fields=("messages",),
)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(KEY, f"sqlite:///{tmp_path}/moca.db")


def sealed(
    vault: Vault, token: str = "the-token", seconds: float = 0, days: int = 60
) -> SealedToken:
    return SealedToken(vault.seal(token), at(seconds), at(seconds) + timedelta(days=days))


def store(vault: Vault, account: Account = SHOP, **more: Any) -> StoreAccount:
    return StoreAccount(account, sealed(vault), at(0), **more)


@pytest.mark.parametrize("problem", ["the token is dead", ""])
@pytest.mark.parametrize(
    "fix",
    [
        lambda vault: store(vault, replaces=True),
        lambda vault: ChangeAccount(SHOP.account_id, at(9), token=sealed(vault, "new", 9)),
        lambda vault: RenewToken(SHOP.account_id, sealed(vault, "new", 9), at(9)),
    ],
)
def test_a_new_token_ends_a_stop_but_no_rest_that_instagram_asked_for(
    desk: Desk, vault: Vault, problem: str, fix: Callable[[Vault], Command]
) -> None:
    desk.do(store(vault))
    rest_accounts({SHOP.account_id: StoredRest(at(60), problem)})

    desk.do(fix(vault))

    resting = resting_accounts(at(10))
    assert resting == (() if problem else (RestingAccount(SHOP.account_id, at(60)),))


def test_a_change_without_a_token_ends_no_stop(desk: Desk, vault: Vault) -> None:
    desk.do(store(vault))
    rest_accounts({SHOP.account_id: StoredRest(at(60), "blocked")})

    desk.do(ChangeAccount(SHOP.account_id, at(9), name="another"))

    assert [each.is_stopped for each in resting_accounts(at(10))] == [True]


def test_an_account_is_kept_with_its_token_sealed(desk: Desk, vault: Vault) -> None:
    assert list(desk.do(store(vault))) == [AccountChanged(SHOP.account_id, is_usable=True)]
    row = tables.Account.get()
    assert "the-token" not in row.sealed_token
    assert vault.open(row.sealed_token) == "the-token"
    assert find_account(SHOP.account_id) == AccountRecord(
        account_id=SHOP.account_id,
        flavour=LoginKind.INSTAGRAM_LOGIN,
        username="the_shop",
        name=None,
        page_id=None,
        app_user_id="900",
        scopes=SHOP.scopes,
        subscribed_fields=("messages",),
        status=AccountStatus.ACTIVE,
        because="",
        created_at=at(0),
        token_issued_at=at(0),
        token_expires_at=at(0) + timedelta(days=60),
        refreshed_at=None,
        refresh_failures=0,
        refresh_failed_at=None,
    )


def test_an_account_is_connected_once_unless_it_is_to_be_replaced(desk: Desk, vault: Vault) -> None:
    desk.do(store(vault))
    again = replace(SHOP, username="renamed")
    (answer,) = desk.answers(store(vault, again, receipt=Future()))
    assert isinstance(answer, Conflict)
    assert desk.answers(store(vault, again, replaces=True, receipt=Future())) == [Done()]
    assert [each.username for each in list_accounts()] == ["renamed"]


def test_a_new_token_revives_a_dead_account(desk: Desk, vault: Vault) -> None:
    desk.do(store(vault))
    dead = MarkTokenDead(SHOP.account_id, "Graph 190: it is gone", at(5))
    assert list(desk.do(dead)) == [AccountChanged(SHOP.account_id, is_usable=False)]
    assert present(find_account(SHOP.account_id)).because == "Graph 190: it is gone"
    change = ChangeAccount(SHOP.account_id, at(10), token=sealed(vault, "new", 10))
    assert list(desk.do(change)) == [AccountChanged(SHOP.account_id, is_usable=True)]
    found = present(find_account(SHOP.account_id))
    assert (found.status, found.because) == (AccountStatus.ACTIVE, "")


def test_a_refusal_of_the_token_before_does_not_kill_the_new_one(desk: Desk, vault: Vault) -> None:
    desk.do(store(vault))
    desk.do(ChangeAccount(SHOP.account_id, at(10), token=sealed(vault, "new", 10)))
    assert list(desk.do(MarkTokenDead(SHOP.account_id, "Graph 190", at(9)))) == []
    assert present(find_account(SHOP.account_id)).status is AccountStatus.ACTIVE


def test_a_refreshed_token_ends_the_count_of_failures(desk: Desk, vault: Vault) -> None:
    desk.do(store(vault))
    desk.do(
        RecordRefreshFailure(SHOP.account_id, at(1)), RecordRefreshFailure(SHOP.account_id, at(2))
    )
    failed = present(find_account(SHOP.account_id))
    assert (failed.refresh_failures, failed.refresh_failed_at) == (2, at(2))
    desk.do(RenewToken(SHOP.account_id, sealed(vault, "fresh", 3), at(3)))
    found = present(find_account(SHOP.account_id))
    assert (found.refresh_failures, found.refreshed_at) == (0, at(3))
    assert found.token_expires_at == at(3) + timedelta(days=60)


def test_what_is_not_connected_can_neither_be_changed_nor_removed(desk: Desk) -> None:
    nobody = "17841400000000009"
    wanted = (
        ChangeAccount(nobody, at(0), receipt=Future()),
        RemoveAccount(nobody, at(0), receipt=Future()),
    )
    assert desk.answers(*wanted) == [NotFound(), NotFound()]


def test_the_book_opens_the_tokens_and_hears_of_changes(
    desk: Desk, vault: Vault, database: peewee.Database
) -> None:
    book = CredentialStore(database, vault, lambda: at(20))
    assert not book.is_connected(SHOP.account_id)
    for event in desk.do(store(vault)):
        book.observe(event)
    assert book.credentials(SHOP.account_id) == Credentials(LoginKind.INSTAGRAM_LOGIN, "the-token")
    for event in desk.do(MarkTokenDead(SHOP.account_id, "Graph 190", at(30))):
        book.observe(event)
    assert book.is_connected(SHOP.account_id)
    assert book.credentials(SHOP.account_id) is None


def test_the_book_sees_within_a_minute_what_another_process_changed(
    desk: Desk, vault: Vault, database: peewee.Database
) -> None:
    now = [at(0)]
    book = CredentialStore(database, vault, lambda: now[0])
    assert not book.is_connected(SHOP.account_id)
    desk.do(store(vault))
    now[0] = at(59)
    assert not book.is_connected(SHOP.account_id)
    now[0] = at(61)
    assert book.is_connected(SHOP.account_id)


def test_another_key_opens_nothing_and_says_so(
    desk: Desk, vault: Vault, database: peewee.Database
) -> None:
    desk.do(store(vault))
    other = Vault(OTHER_KEY, "sqlite:///moca.db")
    with pytest.raises(WrongEncryptionKey, match=r"instagram\.token_key is not the key .* connect"):
        require_key(other)
    assert CredentialStore(database, other, lambda: at(0)).credentials(SHOP.account_id) is None


def test_the_first_of_several_keys_seals_and_all_of_them_open() -> None:
    old, url = Vault(OTHER_KEY, "postgresql://moca@host/moca"), "postgresql://moca@host/moca"
    both = Vault(f"{KEY}, {OTHER_KEY}", url)
    assert both.open(old.seal("the-token")) == "the-token"
    assert Vault(KEY, url).open(both.seal("another")) == "another"


def test_tokens_are_sealed_anew_with_the_first_key(desk: Desk, database: peewee.Database) -> None:
    url = "postgresql://moca@host/moca"
    desk.do(store(Vault(OTHER_KEY, url)))
    both = Vault(f"{KEY},{OTHER_KEY}", url)
    with database.connection_context():
        assert (reseal_tokens(both), reseal_tokens(both)) == (1, 0)
        require_key(Vault(KEY, url))
        with pytest.raises(WrongEncryptionKey):
            reseal_tokens(Vault(OTHER_KEY, url))


def test_the_key_of_the_file_still_opens_where_the_settings_bring_one(
    tmp_path: Path, desk: Desk, database: peewee.Database
) -> None:
    url = f"sqlite:///{tmp_path}/moca.db"
    desk.do(store(Vault("", url)))
    with database.connection_context():
        assert reseal_tokens(Vault(KEY, url)) == 1
        (tmp_path / "moca.db.key").unlink()
        require_key(Vault(KEY, url))


def test_the_key_is_made_with_the_first_token_for_its_owner_only(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/moca.db"
    path = tmp_path / "moca.db.key"
    vault = Vault("", url)
    assert not path.exists()
    kept = vault.seal("the-token")
    assert path.stat().st_mode & 0o777 == 0o600
    assert Vault("", url).open(kept) == "the-token"
    path.unlink()
    with pytest.raises(WrongEncryptionKey, match="cannot be read"):
        vault.open(kept)


@pytest.mark.parametrize(
    ("key", "url", "said"),
    [
        ("short", "sqlite:///moca.db", r"instagram\.token_key is not a valid key: use 32 bytes"),
        ("", "postgresql://user@host/name", r"instagram\.token_key must be set"),
    ],
)
def test_no_key_or_a_bad_one_is_named(key: str, url: str, said: str) -> None:
    with pytest.raises(WrongEncryptionKey, match=said):
        Vault(key, url).seal("the-token")


HOURS = MessengerProfile(ice_breakers=(IceBreaker(question="When?", payload="HOURS"),)).marks
PRICES = MessengerProfile(menu=(MenuItem(title="Prices", payload="PRICES"),)).marks


def test_what_an_account_was_given_is_known_again(desk: Desk) -> None:
    desk.do(RecordProfile("1", HOURS), RecordProfile("2", PRICES))

    assert shown_profiles() == {"1": HOURS, "2": PRICES}


def test_the_last_word_counts(desk: Desk) -> None:
    desk.do(RecordProfile("1", HOURS))
    desk.do(
        RecordProfile("1", PRICES),
        RecordProfile("2", HOURS),
        RecordProfile("2", ProfileFingerprints()),
    )

    assert shown_profiles() == {"1": PRICES, "2": ProfileFingerprints()}
