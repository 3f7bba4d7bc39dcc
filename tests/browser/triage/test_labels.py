"""Conversations are labelled by keyboard, by tap and without script, and filtered by label."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import findings, findings_in_both_schemes
from tests.browser.service import Whole
from tests.browser.test_inbox import SIZES, answered, moca, visit

__all__ = ["moca", "visit"]

WIDE = {"width": 1440, "height": 900}
LABELS = (("Refund", "red"), ("VIP", "purple"), ("Shipping", "teal"))
LABELLED = """SELECT name FROM conversation_label JOIN label ON label.id = label_id
    WHERE conversation_id = 1 ORDER BY name"""


@pytest.fixture
def labelled(moca: Whole) -> Whole:
    """Conversations with Ada and Ben, and three labels that neither has."""
    answered(moca)
    answered(moca, psid="701", name="Ben")
    for name, colour in LABELS:
        moca.post("/api/labels", name=name, colour=colour)
    return moca


def head(page: Page) -> Locator:
    return page.locator(".conversation-head .label")


def chooser(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Labels")


def row(page: Page, name: str = "Ada") -> Locator:
    return page.locator(".row").filter(has_text=name)


def test_a_key_labels_the_conversation(visit: Callable[..., Page], labelled: Whole) -> None:
    page = visit(viewport=WIDE)
    row(page).click()
    expect(page.get_by_label("Your reply")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    expect(page.get_by_label("Find a label")).to_be_focused()
    expect(chooser(page).get_by_role("button")).to_have_count(len(LABELS))
    assert findings_in_both_schemes(page) == []
    page.keyboard.type("ref")
    expect(chooser(page).get_by_role("button")).to_have_text(["Refund"])
    page.keyboard.press("Enter")
    expect(chooser(page)).to_be_hidden()
    expect(head(page)).to_have_text(["Refund"])
    expect(row(page).locator(".label")).to_have_text(["Refund"])
    expect(page.get_by_role("region", name="Labels").locator(".label")).to_have_text(["Refund"])
    assert findings(page) == []

    page.keyboard.press("l")
    pressed = chooser(page).get_by_role("button", pressed=True)
    expect(pressed).to_have_text(["Refund"])
    page.keyboard.press("ArrowDown")
    expect(pressed).to_be_focused()
    page.keyboard.press("Enter")
    expect(head(page)).to_have_count(0)
    expect(row(page).locator(".label")).to_have_count(0)
    assert labelled.rows(LABELLED) == []


def test_what_no_label_matches_is_said_and_changes_nothing(
    visit: Callable[..., Page], labelled: Whole
) -> None:
    page = visit(viewport=WIDE)
    row(page).click()
    expect(page.get_by_label("Your reply")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("l")
    page.keyboard.type("xyz")
    expect(chooser(page).get_by_text("No label matches.")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(chooser(page)).to_be_hidden()
    assert labelled.rows(LABELLED) == []


def test_a_label_is_chosen_beside_the_contact_on_a_phone(
    visit: Callable[..., Page], labelled: Whole
) -> None:
    page = visit("phone")
    page.goto("/conversations/1")
    page.get_by_role("link", name="Contact and notes").click()
    page.get_by_role("button", name="Change labels").click()
    chooser(page).get_by_role("button", name="VIP").click()
    expect(page.get_by_role("region", name="Labels").locator(".label")).to_have_text(["VIP"])
    expect(chooser(page)).to_be_hidden()
    assert findings(page) == []
    assert labelled.rows(LABELLED) == [("VIP",)]


@pytest.mark.parametrize("size", SIZES)
def test_the_list_is_filtered_by_label(
    visit: Callable[..., Page], labelled: Whole, size: str
) -> None:
    labelled.rows("INSERT INTO conversation_label VALUES (1, 1, 0)")
    page = visit(size)
    page.get_by_label("Label", exact=True).select_option("Refund")
    expect(page.locator(".row")).to_have_count(1)
    expect(page.get_by_role("link", name="All open 1")).to_have_attribute("aria-current", "page")
    assert findings(page) == []
    row(page).click()
    expect(head(page)).to_have_text(["Refund"])
    page.go_back()
    expect(page.get_by_label("Label", exact=True)).to_have_value("1")
    expect(page.locator(".row")).to_have_count(1)


@pytest.mark.parametrize("size", SIZES)
def test_the_page_keeps_them(visit: Callable[..., Page], moca: Whole, size: str) -> None:
    page = visit(size)
    page.goto("/labels")
    new = page.get_by_role("region", name="New label")
    new.get_by_label("Name", exact=True).fill("Wedding")
    new.get_by_label("Pink").check()
    new.get_by_role("button", name="Save").click()
    listed = page.get_by_role("listitem").filter(has_text="Wedding")
    expect(listed.locator(".label").first).to_have_attribute("data-colour", "pink")
    listed.get_by_text("Edit").click()
    expect(listed.get_by_label("Pink")).to_be_checked()
    assert findings_in_both_schemes(page) == []


def test_labels_are_given_and_managed_without_script(
    visit: Callable[..., Page], labelled: Whole
) -> None:
    page = visit(java_script_enabled=False, viewport=WIDE)
    page.goto("/conversations/1")
    page.get_by_role("button", name="Change labels").click()
    expect(page.get_by_label("Find a label")).to_be_hidden()
    chooser(page).get_by_role("button", name="Shipping").click()
    expect(head(page)).to_have_text(["Shipping"])
    page.goto("/labels")
    page.get_by_text("Edit Shipping").click()
    page.get_by_role("button", name="Remove Shipping").click()
    expect(page.get_by_text("Edit Refund")).to_be_visible()
    expect(page.get_by_text("Edit Shipping")).to_have_count(0)
    page.goto("/conversations/1")
    expect(head(page)).to_have_count(0)
