"""Conversations are worked off by keyboard alone, without page loads."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.axe import findings_in_both_schemes
from tests.browser.service import Whole
from tests.browser.test_inbox import answered, moca, visit

__all__ = ["moca", "visit"]

MANY, MAX_CHORDS = 20, 60
NAMED = "UPDATE contact SET name = 'Contact ' || CAST(substr(psid, 2) AS INTEGER)"
DESKTOP = {"width": 1440, "height": 900}


class Keyboard:
    """Counts the chords and page loads of a page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.chords = self.loads = 0
        page.on("request", self._count)

    def _count(self, request: Request) -> None:
        self.loads += request.is_navigation_request()

    def press(self, chord: str) -> None:
        """Press keys together."""
        self.page.keyboard.press(chord)
        self.chords += 1


@pytest.fixture
def keyboard(visit: Callable[..., Page], moca: Whole) -> Keyboard:
    """The inbox with twenty conversations whose replies are held back."""
    moca.post("/api/queue/freeze")
    for number in range(MANY):
        moca.writes("When are you open?", psid=f"7{number:02}", name=f"Contact {number}")
    moca.waits_for(*["pending"] * MANY)
    # Until its contact's name has been read, one a second, a conversation's heading is a number.
    moca.rows(NAMED)
    page = visit(viewport=DESKTOP)
    expect(page.locator(".row").filter(has_text="Contact ")).to_have_count(MANY)
    return Keyboard(page)


def thread(page: Page) -> Locator:
    return page.locator("#live")


def shows(page: Page, path: str) -> None:
    """Wait for a conversation. It is known by its path: names are read while a test runs."""
    expect(thread(page)).to_have_attribute("data-live", path)


@pytest.mark.timeout(600)  # It is long, and a busy machine makes it ten times as long.
def test_twenty_conversations_are_answered_and_closed(keyboard: Keyboard, moca: Whole) -> None:
    page, seen = keyboard.page, []
    keyboard.press("j")
    for number in range(MANY):
        expect(page.locator("#text")).to_be_visible()
        if number == 0:
            keyboard.press("r")
        expect(page.locator("#text")).to_be_focused()
        seen.append(thread(page).get_attribute("data-live"))
        page.keyboard.type(f"At nine, {seen[-1]}.")
        keyboard.press("Control+Shift+Enter")
        expect(page.locator(f'#live[data-live="{seen[-1]}"]')).to_have_count(0)

    expect(page.get_by_text("No open conversations.")).to_be_visible()
    assert len(set(seen)) == MANY
    assert moca.rows("SELECT status, COUNT(*) FROM conversation GROUP BY 1") == [("closed", MANY)]
    sql = "SELECT COUNT(DISTINCT conversation_id), COUNT(*) FROM message WHERE author = 'operator'"
    assert moca.rows(sql) == [(MANY, MANY)]
    print(f"{MANY} conversations: {keyboard.chords} chords, {keyboard.loads} page loads")  # noqa: T201
    assert (keyboard.chords <= MAX_CHORDS, keyboard.loads) == (True, 0)


def test_single_keys_move_reply_and_close(keyboard: Keyboard) -> None:
    page = keyboard.page
    paths = page.locator(".row").evaluate_all("rows => rows.map((row) => row.pathname)")
    for key, index in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        keyboard.press(key)
        shows(page, paths[index])
    keyboard.press("e")
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()
    expect(page.locator(".row")).to_have_count(MANY - 1)
    keyboard.press("j")
    shows(page, paths[2])
    keyboard.press("r")
    page.keyboard.type("jk e/r?")
    expect(page.get_by_label("Your reply")).to_have_value("jk e/r?")
    shows(page, paths[2])
    keyboard.press("Escape")
    for chord in ("Control+j", "Alt+j", "Shift+J"):
        keyboard.press(chord)
    shows(page, paths[2])
    keyboard.press("k")
    shows(page, paths[0])
    assert keyboard.loads == 0


def test_a_slash_leads_to_the_saved_replies(visit: Callable[..., Page], moca: Whole) -> None:
    answered(moca)
    moca.post("/api/saved-replies", name="hours", text="We open at nine.")
    page = visit(viewport=DESKTOP)
    page.get_by_role("link", name="Ada").click()
    expect(page.get_by_label("Your reply")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Find a saved reply")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your reply")).to_have_value("We open at nine.")
    expect(page.get_by_label("Your reply")).to_be_focused()


def test_the_shortcuts_are_shown_and_can_be_turned_off(
    visit: Callable[..., Page], moca: Whole
) -> None:
    answered(moca)
    page = visit(viewport=DESKTOP)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text(
        "Next conversation"
    )
    assert findings_in_both_schemes(page) == []
    page.get_by_label("Use the single keys").uncheck()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("j")
    page.reload()
    page.keyboard.press("j")
    expect(page.get_by_text("Choose a conversation.")).to_be_visible()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_label("Use the single keys").check()
    page.get_by_role("button", name="Done").click()
    page.keyboard.press("j")
    shows(page, "/conversations/1")
