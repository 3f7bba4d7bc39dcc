"""Saved replies are kept on a page of their own, and found from the composer by keyboard."""

from collections.abc import Callable
from queue import Queue

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from playwright.sync_api._generated import LocatorAssertions

from tests.browser.axe import findings, findings_in_both_schemes
from tests.browser.patience import next_held
from tests.browser.service import Whole
from tests.browser.test_inbox import SIZES, answered, moca, visit

__all__ = ["moca", "visit"]

REPLIES = (
    ("Opening hours", "hours", "We open at nine, {first_name}."),
    ("How to return", "re", "Within 30 days."),
)


def save(moca: Whole) -> None:
    for name, shortcut, text in REPLIES:
        moca.post("/api/saved-replies", name=name, shortcut=shortcut, text=text)


@pytest.fixture
def page(request: pytest.FixtureRequest, visit: Callable[..., Page], moca: Whole) -> Page:
    """A conversation with Ada, and two saved replies."""
    answered(moca)
    save(moca)
    page = visit(getattr(request, "param", "desktop"))
    page.goto("/conversations/1")
    page.get_by_label("Your reply").focus()
    return page


def reply(page: Page) -> LocatorAssertions:
    return expect(page.get_by_label("Your reply"))


def finder(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Saved replies")


def test_a_reply_that_is_chosen_before_the_script_is_there_is_taken_in_by_it(
    visit: Callable[..., Page], moca: Whole
) -> None:
    answered(moca)
    save(moca)
    page = visit()
    held: Queue[Route] = Queue()
    page.route("**/composer.js", lambda route: held.put(route, block=False))
    page.goto("/conversations/1", wait_until="commit")
    page.get_by_label("Saved reply", exact=True).select_option("Opening hours")
    reply(page).to_have_value("")

    next_held(page, held).continue_()
    reply(page).to_have_value("We open at nine, Ada.")


def test_a_slash_finds_one_by_its_shortcut(page: Page) -> None:
    page.keyboard.press("/")
    expect(finder(page).get_by_role("option")).to_have_count(2)
    page.keyboard.type("hou")
    expect(finder(page).get_by_role("option", selected=True)).to_contain_text("/hours")
    assert findings(page) == []
    page.keyboard.press("Enter")
    expect(finder(page)).to_be_hidden()
    reply(page).to_have_value("We open at nine, Ada.")
    reply(page).to_be_focused()
    page.keyboard.type("/")
    reply(page).to_have_value("We open at nine, Ada./")


def test_arrows_and_names_find_one_too(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("o")
    options = finder(page).get_by_role("option")
    expect(options).to_have_count(2)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    reply(page).to_have_value("Within 30 days.")


def test_escape_and_no_match_leave_the_composer_as_it_was(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("nothing like it")
    expect(finder(page).get_by_text("No saved reply matches.")).to_be_visible()
    page.keyboard.press("Enter")
    expect(finder(page)).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(finder(page)).to_be_hidden()
    reply(page).to_be_focused()
    reply(page).to_have_value("")


@pytest.mark.parametrize("page", ["phone"], indirect=True)
def test_one_is_chosen_by_a_tap(page: Page) -> None:
    page.keyboard.press("/")
    finder(page).get_by_role("option", name="How to return").click()
    reply(page).to_have_value("Within 30 days.")


@pytest.mark.parametrize("page", SIZES, indirect=True)
def test_the_page_keeps_them(page: Page) -> None:
    page.get_by_role("link", name="Saved replies").click()
    new = page.get_by_role("region", name="New saved reply")
    new.get_by_label("Name", exact=True).fill("Sizes")
    new.get_by_label("Shortcut").fill("/Size")
    new.get_by_label("Text", exact=True).fill("All sizes, {first_name}.")
    new.get_by_role("button", name="Save").click()
    row = page.get_by_role("listitem").filter(has_text="Sizes")
    expect(row).to_contain_text("All sizes, {first_name}.")
    row.get_by_text("Edit").click()
    expect(row.get_by_label("Shortcut")).to_have_value("size")
    assert findings_in_both_schemes(page) == []


def test_one_is_edited_and_removed_without_script(visit: Callable[..., Page], moca: Whole) -> None:
    save(moca)
    page = visit(java_script_enabled=False)
    page.goto("/saved-replies")
    page.get_by_text("Edit Opening hours").click()
    row = page.get_by_role("listitem").filter(has_text="Opening hours")
    row.get_by_role("textbox", name="Text").fill("We open at ten.")
    row.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("We open at ten.").first).to_be_visible()
    page.get_by_role("button", name="Remove How to return").click()
    expect(page.get_by_role("heading", name="How to return")).to_have_count(0)
    assert moca.rows("SELECT name, text FROM saved_answer") == [
        ("Opening hours", "We open at ten.")
    ]
