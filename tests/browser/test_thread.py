"""A long thread stands still, follows at its end, and keeps its composer in view."""

from collections.abc import Callable, Iterator
from queue import Queue

import pytest
from playwright.sync_api import FloatRect, Page, Route, ViewportSize, expect

from tests.browser.axe import findings, findings_in_both_schemes
from tests.browser.patience import next_held
from tests.browser.service import Whole
from tests.browser.test_drafts import is_refresh
from tests.browser.test_inbox import answered, indexed, moca, searched, visit
from tests.support.values import present

__all__ = ["moca", "visit"]

VIEWPORTS: dict[str, ViewportSize] = {
    "phone": {"width": 390, "height": 844},
    "desktop": {"width": 1440, "height": 900},
    "desktop at 200 %": {"width": 720, "height": 450},
    "phone at 200 %": {"width": 195, "height": 422},
}
LINES = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
INSERT INTO message (conversation_id, account_id, kind, mid, role, author, type, text, created_at,
    status, processed, because, redeliveries, outcome)
SELECT conversation_id, account_id, kind, mid || '{text}' || i, role, author, type,
    '{text} ' || i, created_at, status, processed, because, redeliveries, outcome
FROM message, n WHERE message.id = 1
"""
SUBPIXEL_PX = 1
"""Scroll offsets are rounded to physical pixels."""
SCROLL = "document.querySelector('#bubbles').scrollTop"
AT_END = """() => {
    const { scrollTop, clientHeight, scrollHeight } = document.querySelector("#bubbles");
    return scrollHeight - scrollTop - clientHeight < 2;
}"""
LEAST_BESIDE = 280
"""From this width, the Send button stands beside the composer's other controls."""
LINES_OF_TEXT = """(button) => {
    const range = document.createRange();
    range.selectNodeContents(button);
    return range.getClientRects().length;
}"""
OVERFLOWING = """(form) => {
    const { right } = form.getBoundingClientRect();
    const shown = [...form.querySelectorAll("*")].filter((each) => each.checkVisibility());
    const outside = shown.filter((each) => each.getBoundingClientRect().right > right);
    return outside.map(({ outerHTML }) => outerHTML);
}"""


def lines(count: int, text: str = "Line") -> str:
    """Return the SQL that adds this many messages to the first conversation."""
    return LINES.format(count=count, text=text)


both_sizes = pytest.mark.parametrize("size", ["phone", "desktop"], indirect=True)


@pytest.fixture
def size(request: pytest.FixtureRequest) -> str:
    return getattr(request, "param", "desktop")


@pytest.fixture
def page(visit: Callable[..., Page], moca: Whole, size: str) -> Page:
    """A long conversation that is open in a browser."""
    answered(moca)
    moca.rows(lines(33))
    page = visit()
    page.set_viewport_size(VIEWPORTS[size])
    page.goto("/conversations/1")
    page.wait_for_function(AT_END)
    return page


def at_each_size(page: Page) -> Iterator[ViewportSize]:
    """Open the conversation at each size, and yield its viewport."""
    for viewport in VIEWPORTS.values():
        page.set_viewport_size(viewport)
        page.goto("/conversations/1")
        page.wait_for_function(AT_END)
        yield viewport


def bottom(box: FloatRect) -> float:
    return box["y"] + box["height"]


def scrolled_up(page: Page) -> int:
    """Scroll towards the middle of the thread; return where."""
    page.evaluate(f"{SCROLL} = 1200")
    found: int = page.evaluate(SCROLL)
    return found


def test_a_thread_follows_at_its_end_through_a_send_and_its_status(page: Page, moca: Whole) -> None:
    page.get_by_label("Your reply").fill("At nine.")
    page.get_by_role("button", name="Send").click()
    expect(page.locator('[data-author="operator"] .chip')).to_have_text("Sent")
    moca.writes("Thank you!")
    expect(page.get_by_role("log")).to_contain_text("Thank you!")
    page.wait_for_function(AT_END)


@both_sizes
def test_a_thread_that_was_scrolled_up_stands_still_and_counts_what_is_new(
    page: Page, moca: Whole
) -> None:
    moca.post("/api/queue/freeze")
    moca.post("/api/conversations/1/messages", text="By hand")
    reply = page.locator('[data-author="operator"] .chip')
    expect(reply).to_have_text("Queued")
    where = scrolled_up(page)

    moca.post("/api/queue/release")
    expect(reply).to_have_text("Sent")
    assert page.evaluate(SCROLL) == where
    moca.rows(lines(3, "New"))
    page.get_by_role("button", name="3 new ↓").click()

    page.wait_for_function(AT_END)
    expect(page.get_by_role("button", name="3 new ↓")).to_be_hidden()


def test_closing_and_reopening_leave_a_thread_where_it_is(page: Page) -> None:
    scrolled_up(page)
    line = page.get_by_text("Line 17", exact=True)
    before = present(line.bounding_box())["y"]
    for button, other in (("Close", "Reopen"), ("Reopen", "Close")):
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.get_by_role("button", name=other, exact=True)).to_be_visible()
        assert abs(present(line.bounding_box())["y"] - before) <= SUBPIXEL_PX


def test_a_refresh_from_before_an_action_does_not_undo_what_it_shows(page: Page) -> None:
    held: Queue[Route] = Queue()
    page.route(
        "**/conversations/1",
        lambda route: held.put(route) if is_refresh(route) else route.continue_(),
    )
    refresh = next_held(page, held)
    older = refresh.fetch()
    page.get_by_role("button", name="Close", exact=True).click()
    reopen = page.get_by_role("button", name="Reopen")
    expect(reopen).to_be_visible()

    refresh.fulfill(response=older)
    next_held(page, held)

    expect(reopen).to_be_visible()


def test_what_drops_off_the_top_of_a_thread_does_not_move_the_rest(page: Page, moca: Whole) -> None:
    scrolled_up(page)
    line = page.get_by_text("Line 20", exact=True)
    before = present(line.bounding_box())["y"]
    moca.rows(lines(25, "New"))
    expect(page.get_by_role("button", name="25 new ↓")).to_be_visible()
    assert abs(present(line.bounding_box())["y"] - before) <= SUBPIXEL_PX


def test_new_messages_are_announced(page: Page) -> None:
    expect(page.get_by_role("log", name="Messages")).to_contain_text("Line 33")


def test_the_composer_is_at_the_bottom_of_the_viewport(page: Page) -> None:
    for viewport in at_each_size(page):
        height = viewport["height"]
        assert page.evaluate("document.documentElement.scrollHeight") == height
        for text in ("One\ntwo\nthree\nfour\nfive\nsix\nseven\neight", ""):
            page.get_by_label("Your reply").fill(text)
            box = present(page.locator("#write").bounding_box())
            assert height - 24 <= box["y"] + box["height"] <= height
            expect(page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)
            page.wait_for_function(AT_END)


def test_the_send_button_is_in_one_line_with_the_other_controls_where_there_is_room(
    page: Page, moca: Whole
) -> None:
    moca.post("/api/saved-replies", name="A name that is rather long", text="Hello!")
    for viewport in at_each_size(page):
        send = page.get_by_role("button", name="Send", exact=True)
        assert send.evaluate(LINES_OF_TEXT) == 1
        button, others, form = (
            present(each.bounding_box())
            for each in (send, page.locator(".write-more"), page.locator("#write"))
        )
        if viewport["width"] >= LEAST_BESIDE:
            assert button["x"] >= others["x"] + others["width"]
            assert abs(bottom(button) - bottom(others)) <= SUBPIXEL_PX
        assert button["x"] + button["width"] <= form["x"] + form["width"] <= viewport["width"]
        assert page.locator("#write").evaluate(OVERFLOWING) == []


def test_the_composer_stays_in_view_while_sending_is_paused(page: Page, moca: Whole) -> None:
    moca.post("/api/queue/freeze")
    for _viewport in at_each_size(page):
        expect(page.get_by_text("Sending is paused")).to_be_visible()
        expect(page.get_by_role("button", name="Send", exact=True)).to_be_in_viewport(ratio=1)


def test_the_composer_is_at_most_three_tab_stops_away(page: Page) -> None:
    for _viewport in at_each_size(page):
        page.goto("/conversations/1#messages")
        page.reload()
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to reply")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Your reply")).to_be_focused()


@both_sizes
def test_the_composer_has_the_focus_on_a_desktop_alone(page: Page, size: str) -> None:
    field = expect(page.get_by_label("Your reply"))
    field.to_be_focused() if size == "desktop" else field.not_to_be_focused()


def test_axe_finds_nothing(page: Page) -> None:
    for _viewport in at_each_size(page):
        page.get_by_text("Options").click()
        assert findings_in_both_schemes(page) == []


def test_a_search_hit_opens_the_conversation_around_it_and_leads_on_to_its_end(
    page: Page, moca: Whole
) -> None:
    moca.rows("UPDATE message SET text = 'Where is my parcel?' WHERE id = 1")
    moca.rows(lines(99, "More"))
    indexed(moca, "parcel", "ada")
    page.goto("/")
    searched(page, "parc from:ada before:2100-01-01 after:2020-01-01")
    page.locator(".row").click()

    hit = page.get_by_role("log").locator("mark")
    expect(hit).to_have_text("parcel")
    expect(hit).to_be_in_viewport()
    expect(page.get_by_role("log")).to_contain_text("Line 20")
    assert findings(page) == []
    page.get_by_role("link", name="Later messages").click()
    expect(page.get_by_role("log")).to_contain_text("More 5")
    # A click may miss a link that moves as the thread is laid out anew.
    page.get_by_role("link", name="Latest messages").press("Enter")
    expect(page.get_by_role("log")).to_contain_text("More 99")
    expect(page.get_by_role("link", name="Latest messages")).to_have_count(0)
