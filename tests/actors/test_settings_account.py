"""The settings' token is used for its own account and no other."""

from actors.settings_account import SettingsAccount
from moca.instagram.account_check import CheckRefused, CheckUnanswered

OURS, STRANGER = "17841400000000001", "17841400000000002"


def _account(
    *answers: CheckRefused | CheckUnanswered | str | None,
    account_id: str = "",
    token: str = "the-token",
    is_live: bool = True,
) -> SettingsAccount:
    left = list(answers)
    return SettingsAccount(
        account_id=account_id, token=token, is_live=is_live, ask=lambda: left.pop(0)
    )


def test_the_named_account_alone_gets_the_token_and_instagram_is_not_asked() -> None:
    account = _account(account_id=OURS)
    assert [account.may_own(each) for each in (OURS, STRANGER, "0")] == [True, False, False]
    assert [account.token_for(each) for each in (OURS, STRANGER)] == ["the-token", None]


def test_where_none_is_named_instagram_is_asked_once_before_the_first_call() -> None:
    account = _account(OURS)
    assert account.may_own(STRANGER)
    assert account.token_for(STRANGER) is None
    assert not account.may_own(STRANGER)
    assert account.token_for(OURS) == "the-token"


def test_while_instagram_is_silent_the_token_is_used_for_nobody() -> None:
    account = _account(CheckUnanswered("timeout"), OURS)
    assert account.token_for(OURS) is None
    assert account.token_for(OURS) == "the-token"


def test_where_instagram_names_no_account_the_token_speaks_for_all_that_come() -> None:
    account = _account(None, CheckRefused("Graph 100", 100))
    assert [account.token_for(each) for each in (OURS, STRANGER)] == ["the-token"] * 2


def test_without_a_token_no_account_is_the_settings_own() -> None:
    account = _account(token="")
    assert (account.may_own(OURS), account.token_for(OURS)) == (False, None)


def test_in_the_sandbox_every_account_is_ours() -> None:
    account = _account(account_id=OURS, is_live=False)
    assert [account.may_own(each) for each in (OURS, STRANGER, "0")] == [True] * 3
    assert account.token_for(STRANGER) == "the-token"
