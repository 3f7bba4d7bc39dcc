"""What is sent from a conversation's page goes once, whatever its operator clicks."""

import pytest
from playwright.sync_api import expect

from tests.browser.patience import PATIENCE_MS
from tests.browser.service import TOKEN, whole_moca
from tests.process.service import eventually


@pytest.fixture
def moca(tmp_path):
    with whole_moca(tmp_path) as whole:
        yield whole


@pytest.fixture(params=["with script", "without script"])
def page(browser, moca, request):
    """A conversation that the bot has answered, open in a browser."""
    moca.writes("When are you open?")
    eventually(moca.reached)
    has_script = request.param == "with script"
    context = browser.new_context(base_url=moca.url, java_script_enabled=has_script)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.goto(f"/?token={TOKEN}")
    page.get_by_role("link", name="Ada").click()
    yield page
    context.close()


def written(moca):
    return [text for (text,) in moca.rows("SELECT text FROM message WHERE author = 'operator'")]


def send(page):
    page.get_by_role("button", name="Send").click()


def sent(page):
    return expect(page.locator('[data-author="operator"] .text'))


def test_back_and_send_again_sends_once(page, moca):
    page.get_by_label("Your answer").fill("At nine.")
    send(page)
    sent(page).to_have_text("At nine.")
    page.go_back()
    send(page)
    page.wait_for_load_state()
    assert written(moca) == ["At nine."]


def test_a_double_click_sends_once(page, moca):
    page.get_by_label("Your answer").fill("At nine.")
    page.get_by_role("button", name="Send").dblclick()
    sent(page).to_have_text("At nine.")
    expect(page.locator("#held-by")).to_contain_text("Administrator has taken over until")
    assert written(moca) == ["At nine."]


def test_the_bot_goes_on_where_the_operator_lets_it(page, moca):
    page.get_by_label("Your answer").fill("At nine.")
    page.get_by_label("Let the bot continue").check()
    send(page)
    sent(page).to_have_text("At nine.")
    assert moca.rows("SELECT status FROM conversation") == [("open",)]
