"""Closing and snoozing are undone from the notice that follows them."""

import re
from collections.abc import Callable
from queue import Queue
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.axe import findings
from tests.browser.patience import next_held
from tests.browser.service import Whole
from tests.browser.test_inbox import moca, visit
from tests.browser.triage.test_bulk_selection import box, closes, five, opened, refused

__all__ = ["five", "moca", "refused", "visit"]

STATES = "SELECT id, status FROM conversation ORDER BY id"
WIDE = {"width": 1440, "height": 900}


def notice(page: Page) -> Locator:
    return page.locator("#done")


def undoes(page: Page) -> None:
    notice(page).get_by_role("button", name="Undo").click()


def closes_one(page: Page, number: int) -> None:
    page.locator(f"#conversation-{number}").click()
    expect(page.locator("#live")).to_have_attribute("data-live", f"/conversations/{number}")
    page.get_by_role("button", name="Close", exact=True).locator("visible=true").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    expect(notice(page)).to_contain_text("Conversation closed.")


def undoes_slowly(page: Page, number: int) -> tuple[Queue[Route], Route]:
    """Close a conversation and undo that; return what holds up every Undo, and this one."""
    held: Queue[Route] = Queue()
    page.route("**/bulk/undo/*", held.put)
    closes_one(page, number)
    undoes(page)
    return held, next_held(page, held)


def is_open(moca: Whole) -> bool:
    return [status for _, status in moca.rows(STATES)] == ["open"] * 5


@pytest.mark.parametrize(
    ("size", "has_script"), [("phone", True), ("desktop", True), ("desktop", False)]
)
def test_several_that_were_closed_are_opened_again(
    visit: Callable[..., Page], five: Whole, size: str, has_script: bool
) -> None:
    page = opened(visit, size, java_script_enabled=has_script)
    box(page, 2).check()
    box(page, 4).check()
    closes(page)
    expect(notice(page)).to_contain_text("2 conversations closed.")
    expect(page.locator(".row")).to_have_count(3)
    if has_script:
        assert findings(page) == []

    undoes(page)

    expect(page.locator(".row")).to_have_count(5)
    expect(notice(page)).to_have_text("")
    assert is_open(five)


@pytest.mark.parametrize(
    ("size", "has_script"), [("phone", True), ("desktop", True), ("desktop", False)]
)
def test_one_that_was_closed_is_shown_again(
    visit: Callable[..., Page], five: Whole, size: str, has_script: bool
) -> None:
    page = opened(visit, size, java_script_enabled=has_script)
    page.locator("#conversation-3").click()
    page.get_by_role("button", name="Close", exact=True).locator("visible=true").click()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    expect(notice(page)).to_contain_text("Conversation closed.")

    undoes(page)

    expect(page.get_by_role("button", name="Take over")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/conversations/3"))
    expect(notice(page)).to_have_text("")
    assert is_open(five)


@pytest.mark.parametrize("has_script", [True, False])
def test_a_double_click_on_close_is_undone_too(
    visit: Callable[..., Page], five: Whole, has_script: bool
) -> None:
    page = opened(visit, java_script_enabled=has_script)
    page.locator("#conversation-3").click()
    page.get_by_role("button", name="Close", exact=True).locator("visible=true").dblclick()
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    expect(notice(page)).to_contain_text("Conversation closed.")

    undoes(page)

    expect(page.get_by_role("button", name="Take over")).to_be_visible()
    assert is_open(five)


def test_the_second_of_two_clicks_does_not_reopen_what_the_first_has_closed(
    visit: Callable[..., Page], five: Whole
) -> None:
    page = opened(visit, viewport=WIDE)
    page.locator("#conversation-3").click()
    close = page.get_by_role("button", name="Close", exact=True).locator("visible=true")
    close.hover()
    for number in (1, 2):
        page.mouse.down(click_count=number)
        page.mouse.up(click_count=number)
        expect(notice(page)).to_contain_text("Conversation closed.")
    page.locator("#conversation-4").click()
    expect(page.locator("#live")).to_have_attribute("data-live", "/conversations/4")
    assert [status for _, status in five.rows(STATES)][2] == "closed"


def test_a_key_brings_back_what_was_closed_before_the_next_was_chosen(
    visit: Callable[..., Page], five: Whole
) -> None:
    page = opened(visit, viewport=WIDE)
    page.keyboard.press("j")
    expect(page.locator("#live")).to_have_attribute("data-live", "/conversations/5")
    page.keyboard.press("r")
    page.keyboard.type("At nine.")
    page.keyboard.press("Control+Shift+Enter")
    expect(page.locator("#live")).to_have_attribute("data-live", "/conversations/4")
    expect(notice(page)).to_contain_text("Conversation closed.")
    page.keyboard.press("Escape")

    page.keyboard.press("z")

    expect(page.locator("#live")).to_have_attribute("data-live", "/conversations/5")
    expect(page.locator("#held-by")).to_contain_text("has taken over")
    expect(page.locator(".row")).to_have_count(5)
    assert [status for _, status in five.rows(STATES)][4] == "human"


def test_the_next_is_undone_while_the_first_is_still_being_undone(
    visit: Callable[..., Page], five: Whole
) -> None:
    page = opened(visit, viewport=WIDE)
    held, first = undoes_slowly(page, 3)
    closes_one(page, 4)
    undoes(page)
    first.continue_()
    next_held(page, held).continue_()
    expect(page.locator(".row")).to_have_count(5)
    expect(notice(page)).to_have_text("")
    assert is_open(five)


def test_what_was_closed_since_can_still_be_undone(visit: Callable[..., Page], five: Whole) -> None:
    page = opened(visit, viewport=WIDE)
    _, first = undoes_slowly(page, 3)
    closes_one(page, 4)
    first.continue_()
    expect(page.locator("#live")).to_have_attribute("data-live", "/conversations/3")
    page.unroute("**/bulk/undo/*")

    undoes(page)

    expect(page.locator(".row")).to_have_count(5)
    assert is_open(five)


def test_an_action_is_undone_after_the_one_that_is_still_being_stored(
    visit: Callable[..., Page], five: Whole
) -> None:
    page = opened(visit, viewport=WIDE)
    closes_one(page, 3)
    held: Queue[Route] = Queue()
    page.route("**/bulk/close*", held.put)
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url))
    page.on("response", lambda response: seen.append(response.url))
    box(page, 5).check()
    closes(page)
    close = next_held(page, held)
    undoes(page)
    close.continue_()
    expect(page.locator("#conversation-5")).to_have_count(0)
    expect(page.locator("#conversation-3")).to_be_visible()
    expect(notice(page)).to_contain_text("Conversation closed.")
    assert [status for _, status in five.rows(STATES)] == ["open"] * 4 + ["closed"]
    close_path, undo_path = "/conversations/bulk/close", "/conversations/bulk/undo/closed"
    actions = [path for url in seen if "/bulk/" in (path := urlsplit(url).path)]
    assert actions == [close_path, close_path, undo_path, undo_path]


def test_a_snooze_is_undone_and_the_notice_dismissed(
    visit: Callable[..., Page], five: Whole
) -> None:
    page = opened(visit, viewport=WIDE)
    box(page, 5).check()
    page.locator(".bulk").get_by_role("button", name="Snooze").click()
    page.get_by_role("button", name="In 1 hour").click()
    expect(notice(page)).to_contain_text("Conversation snoozed.")
    undoes(page)
    expect(page.locator(".row")).to_have_count(5)
    expect(page.locator("#live")).to_have_attribute("data-live", "/conversations/5")
    page.keyboard.press("s")
    page.locator("#snooze").get_by_role("button", name="In 1 hour").click()
    expect(notice(page)).to_contain_text("Conversation snoozed.")
    notice(page).get_by_role("button", name="Dismiss").click()
    expect(notice(page)).to_have_text("")
    expect(page.locator(".conversation-head")).to_contain_text("Snoozed until")


@pytest.mark.parametrize("has_script", [True, False])
def test_what_a_colleague_has_done_since_is_not_undone(
    refused: Callable[..., Page], five: Whole, has_script: bool
) -> None:
    page = refused(java_script_enabled=has_script)
    page.goto("/conversations/3")
    page.locator(".conversation-head").get_by_role("button", name="Snooze").click()
    page.locator("#snooze").get_by_role("button", name="In 1 hour").click()
    expect(notice(page)).to_contain_text("Conversation snoozed.")
    five.post("/api/conversations/3/snooze")
    snooze = "SELECT snoozed_at, snoozed_until FROM conversation WHERE id = 3"
    (latest,) = five.rows(snooze)

    undoes(page)

    since = "the conversation has been snoozed again since"
    expect(page.locator(".problem:visible")).to_have_text(f"0 changed. 1 not changed: {since}.")
    assert five.rows(snooze) == [latest]
