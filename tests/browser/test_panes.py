"""The list, the thread and the contact beside one another, without page loads."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import findings_in_both_schemes
from tests.browser.service import Whole
from tests.browser.test_inbox import answered, moca, visit
from tests.support.values import present

__all__ = ["moca", "visit"]

WIDE, MIDDLE, PHONE = (1440, 900), (900, 800), (390, 844)
CONTACTS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30)
INSERT INTO contact (account_id, psid, name, created_at, last_seen_at, message_count)
SELECT account_id, 'p' || i, 'Contact ' || i, created_at, last_seen_at, 1 FROM contact, n
"""
CONVERSATIONS = """
INSERT INTO conversation (contact_id, status, created_at, last_user_message_at, last_activity_at)
SELECT id, 'open', created_at, created_at, created_at - id * 1000000 FROM contact WHERE id > 1
"""
LIST_SCROLL = "document.querySelector('.pane-list').scrollTop"


@pytest.fixture
def inbox(visit: Callable[..., Page], moca: Whole) -> Callable[..., Page]:
    """Opens the inbox with 31 conversations in a window of a size."""
    answered(moca)
    moca.rows(CONTACTS)
    moca.rows(CONVERSATIONS)

    def opened(size: tuple[int, int], **options: Any) -> Page:
        page = visit(viewport={"width": size[0], "height": size[1]}, **options)
        expect(page.locator(".row")).to_have_count(31)
        return page

    return opened


def mark(page: Page) -> None:
    """Mark the document: a page load loses the mark."""
    page.evaluate("window.isSameDocument = true")


def is_marked(page: Page) -> bool:
    found: bool = page.evaluate("window.isSameDocument === true")
    return found


def test_as_many_panes_as_there_is_room_for(inbox: Callable[..., Page]) -> None:
    page = inbox(WIDE)
    for width, height, shown in (
        (*WIDE, ["Conversations", "Conversation", "Contact"]),
        (1100, 800, ["Conversations", "Conversation", "Contact"]),
        (*MIDDLE, ["Conversations", "Conversation"]),
        (800, 600, ["Conversations", "Conversation"]),
        (*PHONE, ["Conversation"]),
    ):
        page.set_viewport_size({"width": width, "height": height})
        page.goto("/conversations/1")
        panes = page.locator(".pane:visible")
        assert [each.get_attribute("aria-label") for each in panes.all()] == shown
        assert page.evaluate("document.documentElement.scrollHeight") == height


@pytest.mark.parametrize("size", [WIDE, MIDDLE, PHONE])
def test_a_conversation_is_chosen_without_a_page_load_and_back_works(
    inbox: Callable[..., Page], size: tuple[int, int]
) -> None:
    page = inbox(size)
    mark(page)
    page.get_by_role("link", name="Contact 20").scroll_into_view_if_needed()
    where = page.evaluate(LIST_SCROLL)
    page.get_by_role("link", name="Contact 20").click()

    expect(page.get_by_role("heading", name="Contact 20", level=1)).to_be_visible()
    assert page.url.endswith("/conversations/21")
    expect(page).to_have_title("Contact 20 · Moca")
    expect(page.locator('.row[aria-current="page"]')).to_have_attribute("id", "conversation-21")
    if size != PHONE:
        assert page.evaluate(LIST_SCROLL) == where
        page.get_by_role("link", name="Contact 19").click()
        expect(page.get_by_role("heading", name="Contact 19", level=1)).to_be_visible()
        page.go_back()
        expect(page.get_by_role("heading", name="Contact 20", level=1)).to_be_visible()
    page.go_back()

    expect(page.get_by_role("link", name="Contact 20")).to_be_visible()
    expect(page.get_by_role("heading", name="Contact 20", level=1)).to_have_count(0)
    assert page.evaluate(LIST_SCROLL) == where
    assert is_marked(page)


def test_a_list_is_kept_while_its_conversations_are_read(
    inbox: Callable[..., Page], moca: Whole
) -> None:
    page = inbox(WIDE)
    moca.post("/api/conversations/5/close")
    page.get_by_role("link", name="Closed").click()
    expect(page.locator(".row")).to_have_count(1)
    page.get_by_role("link", name="Contact 4").click()
    expect(page.get_by_role("heading", name="Contact 4", level=1)).to_be_visible()
    assert page.url.endswith("/conversations/5?list=closed")
    page.reload()
    expect(page.locator(".row")).to_have_count(1)
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_text("No conversations here yet.")).to_be_visible()


def test_the_list_and_the_thread_show_what_is_new(inbox: Callable[..., Page], moca: Whole) -> None:
    page = inbox(WIDE)
    page.get_by_role("link", name="Contact 20").click()
    expect(page.get_by_role("heading", name="Contact 20", level=1)).to_be_visible()
    moca.writes("And on Sunday?")
    expect(page.get_by_role("link", name="Ada")).to_contain_text("And on Sunday?")
    page.get_by_role("link", name="Ada").click()
    expect(page.locator("#bubbles")).to_contain_text("And on Sunday?")


def test_a_note_that_is_being_written_survives_a_reply(
    inbox: Callable[..., Page], moca: Whole
) -> None:
    page = inbox(WIDE)
    page.get_by_role("link", name="Ada").click()
    page.get_by_label("New note").fill("Owes us")
    page.get_by_label("Your reply").fill("At nine.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator('[data-author="operator"]')).to_contain_text("At nine.")
    expect(page.get_by_label("Your reply")).to_have_value("")
    page.get_by_role("button", name="Hand back to the bot").click()
    expect(page.get_by_role("button", name="Take over")).to_be_visible()
    expect(page.get_by_label("New note")).to_have_value("Owes us")


def test_without_script_the_panes_are_pages(inbox: Callable[..., Page], moca: Whole) -> None:
    page = inbox(WIDE, java_script_enabled=False)
    page.get_by_role("link", name="Ada").click()
    expect(page.get_by_role("heading", name="Ada", level=1)).to_be_visible()
    expect(page.locator('.row[aria-current="page"]')).to_have_attribute("id", "conversation-1")
    page.get_by_label("Your reply").fill("At nine.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator('[data-author="operator"]')).to_contain_text("At nine.")


@pytest.mark.parametrize("size", [WIDE, MIDDLE, PHONE])
def test_axe_finds_nothing(inbox: Callable[..., Page], size: tuple[int, int]) -> None:
    page = inbox(size)
    for path in ("/", "/conversations/1", "/conversations/1#contact"):
        page.goto(path)
        page.wait_for_load_state()
        assert (path, findings_in_both_schemes(page)) == (path, [])


@pytest.mark.parametrize("size", [WIDE, (800, 900), PHONE])
def test_the_options_cover_neither_the_reply_nor_what_closes_them(
    inbox: Callable[..., Page], size: tuple[int, int]
) -> None:
    page = inbox(size)
    page.goto("/conversations/1")
    page.locator("#text").fill("We open at nine.\nAsk for Ana.\nBring the parcel.")
    options, panel = page.locator("#options summary"), page.locator("#options .options-panel")
    options.click()
    expect(panel).to_be_visible()
    bottom = present(panel.bounding_box())["y"] + present(panel.bounding_box())["height"]
    assert present(panel.bounding_box())["y"] > 0
    assert bottom <= present(page.locator("#text").bounding_box())["y"]
    options.click()
    expect(panel).to_be_hidden()


def test_an_administrator_sees_every_page_in_the_bar_on_a_usual_screen(
    inbox: Callable[..., Page],
) -> None:
    page = inbox((1280, 900))
    for path in ("/conversations/1", "/reports"):
        page.goto(path)
        page.wait_for_load_state()
        nav = "document.querySelector('.bar nav')"
        assert page.evaluate(f"{nav}.scrollWidth <= {nav}.clientWidth")
