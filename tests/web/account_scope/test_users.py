"""The page of users, where they are limited to accounts."""

from collections.abc import Callable

import pytest

from moca.storage.db.operator_tables import AuditEntry, OperatorAccount
from tests.web.account_scope.world import AGENT, OURS, THEIRS, SharedInbox
from tests.web.conftest import logged_in
from tests.web.forms import sends

NEW = {"name": "cleo", "right": "answers", "password": "correct horse battery"}
PATH = f"/users/{AGENT}/accounts"


def limits() -> list[tuple[int, str]]:
    return [(row.operator.id, row.account_id) for row in OperatorAccount.select()]


def test_a_user_is_limited_to_accounts_and_it_is_signed(worlds: Callable[..., SharedInbox]) -> None:
    client = logged_in(worlds(OURS, THEIRS).app)

    answer = sends(client, PATH, sees="chosen", account=[OURS.account_id])
    assert (answer.status_code, limits()) == (303, [(AGENT, OURS.account_id)])
    page = client.get("/users").text
    assert f'value="{OURS.account_id}" checked' in page
    assert f'value="{THEIRS.account_id}" checked' not in page

    sends(client, PATH, sees="all", account=[OURS.account_id])
    assert limits() == []
    said = [(each.what, each.about) for each in AuditEntry.select()]
    assert said[-2:] == [
        ("limited a user to accounts", f"user 1 (ada): {OURS.account_id}"),
        ("opened all accounts to a user", "user 1 (ada)"),
    ]


def test_a_new_user_is_limited_from_the_beginning(worlds: Callable[..., SharedInbox]) -> None:
    client = logged_in(worlds(OURS, THEIRS).app)
    sends(client, "/users", NEW, sees="chosen", account=[THEIRS.account_id])
    assert limits() == [(3, THEIRS.account_id)]


@pytest.mark.parametrize(
    "fields",
    [{}, {"sees": "chosen"}, {"sees": "chosen", "account": "a b"}, {"sees": "no"}],
)
def test_a_form_that_names_no_account_opens_none(
    worlds: Callable[..., SharedInbox], fields: dict[str, str]
) -> None:
    client = logged_in(worlds(OURS, THEIRS, limits=(OURS,)).app)
    answer = sends(client, PATH, fields)
    assert (answer.status_code, limits()) == (422, [(AGENT, OURS.account_id)])


def test_accounts_are_offered_once_there_are_several(worlds: Callable[..., SharedInbox]) -> None:
    assert "Only these" not in logged_in(worlds(OURS).app).get("/users").text
    assert "Only these" in logged_in(worlds(OURS, THEIRS).app).get("/users").text


PLACES = ("/queue", "/health", "/accounts", f"/conversations/{OURS.ids}")
ABOUT_ALL = ('href="/labels"', 'href="/saved-replies"', 'href="/start"', "Pause sending")


def test_a_limited_user_is_not_offered_what_is_about_all_accounts(
    worlds: Callable[..., SharedInbox],
) -> None:
    def offered(world: SharedInbox) -> list[str]:
        shown = "".join(world.agent().get(place).text for place in PLACES)
        return [each for each in ABOUT_ALL if each in shown]

    assert offered(worlds(OURS, THEIRS)) == list(ABOUT_ALL)
    assert offered(worlds(OURS, THEIRS, limits=(OURS,))) == []
