"""A bot is edited, tried, checked and published in a browser, by hand and by keys."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import findings
from tests.browser.patience import new_context
from tests.browser.service import TOKEN, Whole, whole_moca
from tests.browser.test_operations import SIZES
from tests.browser.width import fits

RULES = """[[rule]]
name = "price"
keywords = ["price"]
answers = "20 €"

[[rule]]
name = "everything"
answers = "Hello"
"""
CASE = '[[case]]\nname = "price"\nmessage = "price"\nexpect = { text = "20 €" }\n'


@pytest.fixture
def moca(tmp_path: Path) -> Iterator[Whole]:
    """All of Moca."""
    with whole_moca(tmp_path) as whole:
        yield whole


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, browser: Browser, moca: Whole) -> Iterator[Page]:
    """The page of a new bot at one of the sizes."""
    context = new_context(browser, viewport=SIZES[request.param], base_url=moca.url)
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"/bots/default?token={TOKEN}")
    page.get_by_label("Name of the new bot").fill(f"shop-{request.param}")
    page.get_by_role("button", name="Copy").click()
    yield page
    context.close()
    assert faults == [], faults


def test_a_bot_is_filled_in_moved_tried_checked_and_published(page: Page) -> None:
    page.get_by_label("Generators").fill("rules, fixed")
    page.get_by_role("button", name="Edit as TOML").click()
    page.get_by_label("Rules as TOML").fill(RULES)
    page.get_by_role("button", name="Edit as forms").click()
    cards = page.locator("#rule-list > li h3")
    expect(cards).to_have_text(["price", "everything"])
    page.wait_for_load_state()

    page.get_by_role("button", name="Move up: everything").press("Enter")
    expect(cards).to_have_text(["everything", "price"])
    page.get_by_role("button", name="Remove: everything").press("Alt+ArrowDown")
    expect(cards).to_have_text(["price", "everything"])
    expect(page.get_by_role("button", name="Remove: everything")).to_be_focused()
    page.locator(".rule .handle").nth(1).drag_to(page.locator(".rule h3").first)
    expect(cards).to_have_text(["everything", "price"])
    expect(page.locator("#rules-moved")).to_contain_text("everything: place 1 of 2")
    page.get_by_role("button", name="Move down: everything").click()

    page.get_by_label("A contact writes").fill("the price?")
    page.get_by_label("A contact writes").press("Enter")
    phone = page.get_by_role("complementary")
    expect(phone).to_contain_text("20 €")
    expect(phone).to_contain_text("rules: rule 'price'")
    expect(phone).to_contain_text("rule 'everything': would match, but rule 'price' comes first")

    page.get_by_text("Edit price").click()
    page.get_by_label("Answer 1").first.fill("25 € {nme}")
    assert findings(page) == []
    assert fits(page)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_label("Answer 1").first).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Answer 1").first.fill("25 €")
    page.get_by_role("button", name="Save draft").click()

    page.get_by_label("Cases as TOML").fill(CASE)
    page.get_by_role("button", name="Save cases").click()
    expect(page.get_by_text("text: expected '20 €', but it is '25 €'")).to_be_visible()
    page.get_by_label("Replies are sent at once").check()
    page.get_by_role("button", name="Publish the saved draft").click()
    expect(page.get_by_label("Replies are sent at once")).to_be_checked()
    page.get_by_label("Reason to publish all the same").fill("Prices rose.")
    assert findings(page) == []
    page.get_by_role("button", name="Publish the saved draft").click()
    page.get_by_role("link", name="Version 1", exact=True).click()
    expect(page.get_by_text("It decides now.")).to_be_visible()
    assert findings(page) == []
    assert fits(page)


def test_the_second_of_two_editors_is_told_and_overwrites_nothing(page: Page) -> None:
    second = page.context.new_page()
    second.goto(page.url)
    page.get_by_label("Fixed text").fill("From the first.")
    page.get_by_role("button", name="Save draft").last.click()
    second.get_by_label("Fixed text").fill("From the second.")
    second.get_by_role("button", name="Save draft").last.click()
    expect(second.get_by_role("alert")).to_contain_text("saved this draft")
    expect(second.get_by_label("Fixed text")).to_have_value("From the second.")
    second.goto(page.url)
    expect(second.get_by_label("Fixed text")).to_have_value("From the first.")


def test_a_draft_is_rehearsed_in_a_process_of_its_own(page: Page, moca: Whole) -> None:
    moca.writes("hello", "700", "Ada")
    moca.writes("hello", "701", "Ben")
    moca.waits_for("sent", "sent")
    for column in ("message.created_at", "webhook.received_at"):
        table, name = column.split(".")
        moca.rows(f"UPDATE {table} SET {name} = {name} - 3600000000")
    page.get_by_label("Text of the mock generator").fill("Otherwise.")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("button", name="Last day").click()
    expect(page.get_by_role("heading", name="Rehearsal of the last day")).to_be_visible()
    expect(page.get_by_role("heading", name="Differences")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Otherwise.")).to_have_count(2)
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    assert findings(page) == []
    assert fits(page)
    page.get_by_label("What is new").fill("Rehearsed")
    page.get_by_label("With drafts").check()
    page.get_by_role("button", name="Publish revision 2").click()
    expect(page.get_by_text("Rehearsed")).to_be_visible()

    page.get_by_role("link", name="Delete this bot").click()
    page.get_by_role("button", name="Delete bot").click()
    expect(page.get_by_role("link", name="shop-")).to_be_hidden()
    page.get_by_text("Deleted bots").click()
    page.get_by_role("link", name="shop-").click()
    expect(page.get_by_text("This bot was deleted on")).to_be_visible()
    page.goto("/conversations/1")
    page.get_by_role("button", name="Make a case").click()
    expect(page.get_by_label("Cases as TOML")).to_have_value(re.compile(r'message = "hello"'))
