"""What was written is not lost, whatever happens before it is sent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from playwright.sync_api._generated import LocatorAssertions

from tests.browser.patience import new_context, next_held
from tests.browser.service import TOKEN, Whole
from tests.browser.test_inbox import SIZES, answered, moca

__all__ = ["moca"]

HERE = "/conversations/1"


@contextmanager
def pages_in(browser: Browser, moca: Whole) -> Iterator[Callable[..., Page]]:
    """Open a conversation in a browser; its console may show refused requests."""
    contexts = []

    def opened(size: str = "desktop", **options: bool) -> Page:
        told = {"viewport": SIZES[size], "base_url": moca.url, "locale": "en-GB", **options}
        contexts.append(new_context(browser, **told))
        page = contexts[-1].new_page()
        page.goto(f"{HERE}?token={TOKEN}")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def browse(browser: Browser, moca: Whole) -> Iterator[Callable[..., Page]]:
    answered(moca)
    answered(moca, psid="701", name="Ben")
    with pages_in(browser, moca) as opened:
        yield opened


@pytest.fixture
def page(browse: Callable[..., Page], request: pytest.FixtureRequest) -> Page:
    return browse(getattr(request, "param", "desktop"))


def write(page: Page, text: str = "At nine.") -> None:
    page.get_by_label("Your reply").fill(text)


def send(page: Page) -> None:
    page.get_by_role("button", name="Send", exact=True).click()


def reply(page: Page) -> LocatorAssertions:
    return expect(page.get_by_label("Your reply"))


def problem(page: Page) -> LocatorAssertions:
    return expect(page.locator("#problem"))


def sent(moca: Whole) -> list[tuple[int | str, ...]]:
    return moca.rows("SELECT text FROM message WHERE author = 'operator'")


def is_refresh(route: Route) -> bool:
    return "x-moca-live" in route.request.headers


@pytest.mark.parametrize("page", SIZES, indirect=True)
def test_each_conversation_keeps_its_draft(page: Page) -> None:
    write(page)
    page.goto("/conversations/2")
    reply(page).to_have_value("")
    write(page, "For Ben")
    page.goto(HERE)
    reply(page).to_have_value("At nine.")
    page.goto("/conversations/2")
    reply(page).to_have_value("For Ben")


def test_a_draft_outlives_its_session(page: Page, moca: Whole) -> None:
    write(page)
    # Otherwise the page may notice by itself before the click.
    page.route("**/*", lambda route: route.abort() if is_refresh(route) else route.continue_())
    page.context.clear_cookies()
    send(page)
    expect(page.get_by_role("heading", name="Log in to continue")).to_be_visible()
    page.unroute_all()
    page.goto(f"{HERE}?token={TOKEN}")
    reply(page).to_have_value("At nine.")
    send(page)
    expect(page.locator('[data-author="operator"]')).to_contain_text("At nine.")
    reply(page).to_have_value("")
    page.reload()
    reply(page).to_have_value("")
    assert sent(moca) == [("At nine.",)]


def test_a_draft_outlives_a_conversation_that_was_closed_meanwhile(page: Page, moca: Whole) -> None:
    write(page)
    moca.post("/api/conversations/1/close")
    send(page)
    problem(page).to_contain_text("closed")
    reply(page).to_have_value("At nine.")
    page.get_by_role("button", name="Reopen").click()
    problem(page).to_be_hidden()
    reply(page).to_have_value("At nine.")
    send(page)
    expect(page.locator('[data-author="operator"]')).to_contain_text("At nine.")


@pytest.mark.parametrize("has_script", [True, False])
def test_what_is_refused_stands_beside_the_field_with_the_draft(
    browse: Callable[..., Page], moca: Whole, has_script: bool
) -> None:
    page = browse(java_script_enabled=has_script)
    write(page)
    page.get_by_text("Options").click()
    page.get_by_label("One per line").fill("More than twenty characters")
    send(page)
    problem(page).to_contain_text("must not be longer than 20 characters")
    reply(page).to_have_value("At nine.")
    expect(page.get_by_label("One per line")).to_have_value("More than twenty characters")
    assert sent(moca) == []


def test_send_at_beyond_the_reply_window_is_refused_at_the_composer(
    page: Page, moca: Whole
) -> None:
    write(page)
    page.get_by_text("Options").click()
    late = "new Date(Date.now() + 20 * 864e5).toISOString().slice(0, 16)"
    page.get_by_label("Send at").fill(page.evaluate(late))
    send(page)
    problem(page).to_contain_text("the reply window closes before this time")
    reply(page).to_have_value("At nine.")
    assert sent(moca) == []


def test_a_chosen_saved_reply_is_a_draft(page: Page, moca: Whole) -> None:
    moca.rows("INSERT INTO saved_answer (name, text) VALUES ('hours', 'We open at nine.')")
    page.reload()
    page.get_by_label("Saved reply", exact=True).select_option("hours")
    page.reload()
    reply(page).to_have_value("We open at nine.")


def test_a_lost_connection_is_shown_and_costs_no_word(page: Page, moca: Whole) -> None:
    write(page)
    lost = expect(page.get_by_text("Connection lost. Retrying…"))
    page.context.set_offline(True)
    lost.to_be_visible()
    send(page)
    problem(page).to_contain_text("It will not be sent twice.")
    page.locator("#conversation-2").dispatch_event("click")
    reply(page).to_have_value("At nine.")
    page.context.set_offline(False)
    lost.to_be_hidden()
    reply(page).to_have_value("At nine.")
    send(page)
    expect(page.locator('[data-author="operator"]')).to_contain_text("At nine.")
    problem(page).to_be_hidden()
    assert sent(moca) == [("At nine.",)]


def test_what_is_written_during_a_send_stays(page: Page, moca: Whole) -> None:
    write(page)
    held: Queue[Route] = Queue()
    page.route("**/messages", lambda route: held.put(route, block=False))
    send(page)
    expect(page.get_by_role("log")).not_to_contain_text("At nine.")
    write(page, "At nine. And at ten on Sunday.")
    next_held(page, held).continue_()
    expect(page.locator('[data-author="operator"]')).to_contain_text("At nine.")
    reply(page).to_have_value("At nine. And at ten on Sunday.")
    assert sent(moca) == [("At nine.",)]


def test_a_reply_is_no_draft_though_an_earlier_action_ends_during_its_send(
    page: Page, moca: Whole
) -> None:
    held: Queue[Route] = Queue()
    for address in ("**/take-over", "**/messages"):
        page.route(address, lambda route: held.put(route, block=False))
    page.get_by_role("button", name="Take over").click()
    write(page)
    send(page)
    expect(page.get_by_role("log")).not_to_contain_text("At nine.")
    taken_over, sent_reply = next_held(page, held), next_held(page, held)
    taken_over.continue_()
    expect(page.get_by_role("button", name="Hand back")).to_be_visible()
    sent_reply.continue_()
    expect(page.locator('[data-author="operator"]')).to_contain_text("At nine.")
    reply(page).to_have_value("")
    assert sent(moca) == [("At nine.",)]


def test_what_one_tab_has_sent_is_no_draft_in_another(page: Page) -> None:
    other = page.context.new_page()
    write(page)
    other.goto(HERE)
    reply(other).to_have_value("At nine.")
    send(other)
    reply(page).to_have_value("")
