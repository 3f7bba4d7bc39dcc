"""Several conversations are selected in the list, and closed, assigned, labelled or snoozed."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from queue import Queue
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect
from playwright.sync_api._generated import LocatorAssertions

from tests.browser.axe import findings
from tests.browser.patience import new_context, next_held
from tests.browser.service import TOKEN, Whole
from tests.browser.test_inbox import adds_a_reader, moca, visit

__all__ = ["moca", "visit"]

MANY = 5
WIDE = {"width": 1440, "height": 900}
CLOSED = "SELECT id FROM conversation WHERE status = 'closed' ORDER BY id"
LABELLED = "SELECT conversation_id FROM conversation_label ORDER BY conversation_id"


@pytest.fixture
def five(moca: Whole) -> Whole:
    """Five conversations that the bot has answered; Contact 5 wrote last."""
    for number in range(1, MANY + 1):
        moca.writes("When are you open?", psid=f"70{number}", name=f"Contact {number}")
        moca.waits_for(*["sent"] * number)
    moca.post("/api/labels", name="Refund", colour="red")
    return moca


def opened(visit: Callable[..., Page], *args: str, **options: Any) -> Page:
    page = visit(*args, **options)
    expect(page.locator(".row")).to_have_count(MANY)
    return page


def box(page: Page, number: int) -> Locator:
    return page.locator(f"#pick-{number}")


def count(page: Page) -> LocatorAssertions:
    return expect(page.locator("#bulk-count"))


def bar(page: Page, name: str) -> Locator:
    return page.locator(".bulk").get_by_role("button", name=name, exact=True)


def closes(page: Page) -> None:
    bar(page, "Close").click()
    page.get_by_role("button", name="Close conversations").click()


@pytest.mark.parametrize(("size", "scheme"), [("phone", "dark"), ("desktop", "light")])
def test_those_that_are_selected_are_closed(
    visit: Callable[..., Page], five: Whole, size: str, scheme: str
) -> None:
    page = opened(visit, size, color_scheme=scheme)
    expect(bar(page, "Close")).to_be_hidden()
    box(page, 2).check()
    box(page, 4).check()
    count(page).to_have_text("2 selected")
    assert findings(page) == []
    bar(page, "Close").click()
    asked = page.get_by_role("dialog", name="Close 2 conversations?")
    expect(asked.get_by_role("button", name="Cancel")).to_be_focused()
    assert findings(page) == []
    asked.get_by_role("button", name="Cancel").click()
    expect(asked).to_be_hidden()
    assert five.rows(CLOSED) == []
    closes(page)
    expect(page.locator(".row")).to_have_count(MANY - 2)
    expect(page.locator("#done")).to_contain_text("2 conversations closed.")
    expect(bar(page, "Close")).to_be_hidden()
    assert five.rows(CLOSED) == [(2,), (4,)]

    box(page, 1).check()
    closes(page)
    expect(page.locator(".row")).to_have_count(MANY - 3)
    assert five.rows(CLOSED) == [(1,), (2,), (4,)]


def test_the_next_are_closed_while_the_list_is_still_being_refreshed(
    visit: Callable[..., Page], five: Whole
) -> None:
    page = opened(visit)
    held: Queue[Route] = Queue()
    page.route("**/needs-reply", held.put)
    box(page, 2).check()
    closes(page)
    next_held(page, held)
    box(page, 1).check()
    closes(page)
    expect(page.locator(".row")).to_have_count(MANY - 2)
    assert five.rows(CLOSED) == [(1,), (2,)]
    page.unroute("**/needs-reply")


def test_the_next_are_closed_while_the_first_are_still_being_stored(
    visit: Callable[..., Page], five: Whole
) -> None:
    page = opened(visit)
    held: Queue[Route] = Queue()
    page.route("**/bulk/close*", held.put)
    box(page, 2).check()
    closes(page)
    first = next_held(page, held)
    expect(box(page, 2)).not_to_be_checked()
    box(page, 1).check()
    closes(page)
    expect(bar(page, "Close")).to_be_hidden()
    first.continue_()
    next_held(page, held).continue_()
    expect(page.locator(".row")).to_have_count(MANY - 2)
    assert five.rows(CLOSED) == [(1,), (2,)]


def test_a_range_and_all_are_selected(visit: Callable[..., Page], five: Whole) -> None:
    page = opened(visit)
    box(page, 1).check()
    page.locator("#bulk").evaluate("(form) => (form.dataset.maxSelected = 3)")
    bar(page, "Clear").click()
    box(page, 5).check()
    bar(page, "Select all shown").click()
    count(page).to_have_text("3 selected")
    page.locator("#bulk").evaluate("(form) => (form.dataset.maxSelected = 100)")
    bar(page, "Clear").click()
    box(page, 4).check()
    box(page, 4).press("Enter")
    box(page, 2).click(modifiers=["Shift"])
    count(page).to_have_text("3 selected")
    expect(box(page, 3)).to_be_checked()
    box(page, 3).click(modifiers=["Shift"])
    count(page).to_have_text("1 selected")
    assert five.rows(CLOSED) == []
    bar(page, "Select all shown").click()
    count(page).to_have_text("5 selected")
    bar(page, "Clear").click()
    expect(bar(page, "Clear")).to_be_hidden()
    expect(box(page, 1)).not_to_be_checked()


def test_a_key_selects_the_current_row_and_a_label_is_added(
    visit: Callable[..., Page], five: Whole
) -> None:
    page = opened(visit, viewport=WIDE)
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile("/conversations/5"))
    page.keyboard.press("x")
    expect(box(page, 5)).to_be_checked()
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile("/conversations/4"))
    page.keyboard.press("x")
    page.keyboard.press("x")
    page.keyboard.press("x")
    count(page).to_have_text("2 selected")
    bar(page, "Label").click()
    chooser = page.get_by_role("dialog", name="Labels")
    assert findings(page) == []
    chooser.get_by_role("button", name="Add Refund").click()
    expect(page.locator(".row .label")).to_have_text(["Refund", "Refund"])
    expect(page.locator(".conversation-head .label")).to_have_text(["Refund"])
    expect(box(page, 5)).not_to_be_checked()
    expect(page).to_have_url(re.compile("/conversations/4"))
    assert five.rows(LABELLED) == [(4,), (5,)]

    box(page, 5).check()
    bar(page, "Label").click()
    chooser.get_by_role("button", name="Remove Refund").click()
    expect(page.locator(".row .label")).to_have_text(["Refund"])
    expect(page.get_by_text("Done: 1 conversation.")).to_be_attached()
    assert five.rows(LABELLED) == [(4,)]


def test_a_selection_outlasts_what_arrives_meanwhile(
    visit: Callable[..., Page], five: Whole
) -> None:
    page = opened(visit)
    box(page, 2).check()
    five.writes("Hello?", psid="709", name="Contact 9")
    expect(page.locator(".row")).to_have_count(MANY + 1)
    expect(box(page, 2)).to_be_checked()
    count(page).to_have_text("1 selected")
    bar(page, "Snooze").click()
    page.get_by_role("dialog", name="Snooze until").get_by_role("button", name="In 1 hour").click()
    expect(page.locator(".row")).to_have_count(MANY)
    snoozed = "SELECT id FROM conversation WHERE snoozed_until IS NOT NULL"
    assert five.rows(snoozed) == [(2,)]


def test_they_are_snoozed_until_a_time(visit: Callable[..., Page], five: Whole) -> None:
    page = opened(visit, timezone_id="Asia/Tokyo")
    box(page, 2).check()
    bar(page, "Snooze").click()
    dialog = page.get_by_role("dialog", name="Snooze until")
    tomorrow = datetime.now(ZoneInfo("Asia/Tokyo")).date() + timedelta(days=1)
    dialog.get_by_label("Date and time").fill(f"{tomorrow}T09:30")
    dialog.get_by_role("button", name="This time").click()
    expect(page.locator(".row")).to_have_count(MANY - 1)
    until = datetime.combine(tomorrow, time(9, 30), ZoneInfo("Asia/Tokyo"))
    snoozed = "SELECT id, snoozed_until FROM conversation WHERE snoozed_until IS NOT NULL"
    assert five.rows(snoozed) == [(2, int(until.timestamp()) * 1_000_000)]


@pytest.fixture
def refused(browser: Browser, five: Whole) -> Iterator[Callable[..., Page]]:
    """Opens the closed conversations in a browser whose console may show failed requests."""
    contexts = []

    def visited(**options: Any) -> Page:
        contexts.append(new_context(browser, base_url=five.url, **options))
        page = contexts[-1].new_page()
        page.goto(f"/?token={TOKEN}")
        page.goto("/?list=closed")
        return page

    yield visited
    for context in contexts:
        context.close()


@pytest.mark.parametrize("has_script", [True, False])
def test_what_could_not_be_done_is_told(
    refused: Callable[..., Page], five: Whole, has_script: bool
) -> None:
    five.post("/api/conversations/2/close")
    page = refused(java_script_enabled=has_script)
    box(page, 2).check()
    closes(page)
    expect(page.get_by_role("alert")).to_have_text(
        "0 changed. 1 not changed: the conversation is already closed."
    )
    expect(page.locator(".row")).to_have_count(1)
    expect(bar(page, "Close")).to_be_hidden()


def test_those_whose_closing_did_not_reach_moca_are_selected_again(
    refused: Callable[..., Page], five: Whole
) -> None:
    page = refused()
    page.goto("/")
    page.route("**/bulk/close*", lambda route: route.abort())
    box(page, 2).check()
    closes(page)
    expect(page.locator("#bulk-problem")).to_have_text(
        "Connection lost. Try again: nothing is done twice."
    )
    expect(box(page, 2)).to_be_checked()
    page.unroute("**/bulk/close*")
    closes(page)
    expect(page.locator(".row")).to_have_count(MANY - 1)
    assert five.rows(CLOSED) == [(2,)]


def test_they_are_assigned_without_script(visit: Callable[..., Page], five: Whole) -> None:
    adds_a_reader(visit(), role="answers")
    page = opened(visit, java_script_enabled=False)
    box(page, 1).check()
    box(page, 3).check()
    bar(page, "Assign").click()
    page.get_by_role("dialog", name="Assign to").get_by_role("button", name="ada").click()
    expect(page.locator(".row").filter(has_text="ada")).to_have_count(2)
    expect(box(page, 1)).not_to_be_checked()
    assigned = "SELECT id FROM conversation WHERE assignee_id IS NOT NULL"
    assert five.rows(assigned) == [(1,), (3,)]


@pytest.mark.parametrize("has_script", [True, False])
def test_enter_in_a_box_or_a_date_changes_nothing(
    visit: Callable[..., Page], five: Whole, has_script: bool
) -> None:
    page = opened(visit, java_script_enabled=has_script)
    box(page, 1).check()
    box(page, 1).press("Enter")
    bar(page, "Snooze").click()
    page.get_by_role("dialog", name="Snooze until").get_by_label("Date and time").press("Enter")
    page.keyboard.press("Escape")
    expect(box(page, 1)).to_be_checked()
    assert five.rows("SELECT id FROM conversation WHERE status <> 'open' OR snoozed_at > 0") == []


def test_a_finger_sees_the_boxes_at_once(visit: Callable[..., Page], five: Whole) -> None:
    page = opened(visit, "phone", has_touch=True, is_mobile=True)
    expect(page.locator(".pick").first).to_have_css("opacity", "1")
    page.locator(".pick").first.tap()
    count(page).to_have_text("1 selected")
    expect(page).to_have_title("Inbox · Moca")
