"""A conversation's page sends a reply once, whatever its operator clicks."""

from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, Response, Route, expect
from playwright.sync_api._generated import LocatorAssertions

from tests.browser.patience import new_context, next_held
from tests.browser.service import TOKEN, Whole, whole_moca
from tests.process.service import eventually


@pytest.fixture
def moca(tmp_path: Path) -> Iterator[Whole]:
    with whole_moca(tmp_path) as whole:
        yield whole


@pytest.fixture(params=["with script", "without script"])
def page(browser: Browser, moca: Whole, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A conversation that the bot has answered, open in a browser."""
    moca.writes("When are you open?")
    eventually(moca.reached)
    has_script = request.param == "with script"
    context = new_context(browser, base_url=moca.url, java_script_enabled=has_script)
    page = context.new_page()
    page.goto(f"/?token={TOKEN}")
    page.get_by_role("link", name="Ada").click()
    yield page
    context.close()


def written(moca: Whole) -> list[str]:
    return [text for (text,) in moca.rows("SELECT text FROM message WHERE author = 'operator'")]


def send(page: Page) -> None:
    page.get_by_role("button", name="Send").click()


def sent(page: Page) -> LocatorAssertions:
    return expect(page.locator('[data-author="operator"] .text'))


@pytest.mark.parametrize("page", ["without script"], indirect=True)
def test_back_and_send_again_sends_once(page: Page, moca: Whole) -> None:
    page.get_by_label("Your reply").fill("At nine.")
    send(page)
    sent(page).to_have_text("At nine.")
    page.go_back()
    send(page)
    page.wait_for_load_state()
    assert written(moca) == ["At nine."]


@pytest.mark.parametrize("page", ["with script"], indirect=True)
def test_back_after_sending_does_not_lead_to_the_sent_text(page: Page) -> None:
    page.get_by_label("Your reply").fill("At nine.")
    send(page)
    sent(page).to_have_text("At nine.")
    page.go_back()
    page.go_forward()
    sent(page).to_have_text("At nine.")
    expect(page.get_by_label("Your reply")).to_have_value("")


@pytest.mark.parametrize("page", ["with script"], indirect=True)
def test_forward_while_back_is_loading_stays_in_the_conversation(page: Page) -> None:
    def is_list(message: Request | Response) -> bool:
        return urlsplit(message.url).path == "/"

    expect(page.get_by_role("log")).to_be_visible()
    held: Queue[Route] = Queue()
    page.route(lambda url: urlsplit(url).path == "/", lambda route: held.put(route, block=False))
    with page.expect_request(is_list):
        page.evaluate("history.back()")
    page.evaluate("history.forward()")
    page.wait_for_url("**/conversations/1")
    late = next_held(page, held)
    listed = late.fetch()
    with page.expect_response(is_list):
        late.fulfill(response=listed)
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    expect(page.get_by_role("log")).to_contain_text("When are you open?")


def test_a_double_click_sends_once(page: Page, moca: Whole) -> None:
    page.get_by_label("Your reply").fill("At nine.")
    page.get_by_role("button", name="Send").dblclick()
    sent(page).to_have_text("At nine.")
    expect(page.locator("#held-by")).to_contain_text("Administrator has taken over until")
    assert written(moca) == ["At nine."]


def test_the_bot_goes_on_where_the_operator_lets_it(page: Page, moca: Whole) -> None:
    page.get_by_label("Your reply").fill("At nine.")
    page.get_by_text("Options").click()
    page.get_by_label("Keep the bot active").check()
    send(page)
    sent(page).to_have_text("At nine.")
    assert moca.rows("SELECT status FROM conversation") == [("open",)]
