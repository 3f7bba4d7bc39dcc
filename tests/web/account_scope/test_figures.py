"""Figures, queue and forecast of one of several accounts, for those who see all and who do not."""

from collections.abc import Callable

import pytest

from tests.web.account_scope.world import OURS, THEIRS, SharedInbox

PAGES = ("/health", "/queue")
API = ("/api/stats", "/api/queue", "/api/queue/forecast")
OF_ALL = (">Webhook response time<", ">Last webhook<")


def words_in(text: str) -> tuple[bool, bool]:
    return (OURS.word in text, THEIRS.word in text)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_about_all_accounts_or_about_one(
    worlds: Callable[..., SharedInbox], path: str
) -> None:
    agent = worlds(OURS, THEIRS).agent()
    assert words_in(agent.get(path).text) == (True, True)
    one = agent.get(f"{path}?account={OURS.account_id}").text
    choices = one.partition('aria-label="Account">')[2].partition("</nav>")[0]
    assert words_in(choices) == (True, True)
    assert words_in(one.replace(choices, "")) == (True, False)


def test_charts_of_one_account_show_what_is_counted_by_account(
    worlds: Callable[..., SharedInbox],
) -> None:
    agent = worlds(OURS, THEIRS).agent()
    every, one = (
        agent.get(f"/health{query}").text for query in ("", "?account=" + OURS.account_id)
    )
    assert [each in every for each in OF_ALL] == [True, True]
    assert [each in one for each in OF_ALL] == [False, False]
    assert "answered <b>4,440,001</b>" in one
    arrivals = "2 messages by webhook in 7 days, 1 missed"
    assert (every.count(arrivals), one.count(arrivals)) == (2, 1)


def test_accounts_are_not_offered_where_there_is_one_to_see(
    worlds: Callable[..., SharedInbox],
) -> None:
    for sides in ((OURS,), (OURS, THEIRS)):
        agent = worlds(*sides, limits=(OURS,)).agent()
        for path in PAGES:
            assert 'aria-label="Account"' not in agent.get(path).text, path


@pytest.mark.parametrize("path", API)
def test_the_api_tells_of_one_account_what_it_tells_one_who_is_limited_to_it(
    worlds: Callable[..., SharedInbox], path: str
) -> None:
    alone = worlds(OURS).agent().get(path).get_json()
    agent = worlds(OURS, THEIRS).agent()
    assert agent.get(f"{path}?account_id={OURS.account_id}").get_json() == alone
    assert agent.get(path).get_json() != alone


@pytest.mark.parametrize("path", API)
def test_an_account_out_of_scope_is_told_of_like_one_that_does_not_exist(
    worlds: Callable[..., SharedInbox], path: str
) -> None:
    agent = worlds(OURS, THEIRS, limits=(OURS,)).agent()
    hidden, unknown = (
        agent.get(f"{path}?account_id={each}").get_json() for each in (THEIRS.account_id, "1")
    )
    assert hidden == unknown
