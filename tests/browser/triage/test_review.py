"""Drafts are reviewed one after another by keyboard, by a press, and without scripts."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import findings
from tests.browser.patience import new_context
from tests.browser.service import TOKEN, Whole, whole_moca
from tests.browser.test_operations import REPLY, SIZES
from tests.browser.width import fits


@pytest.fixture
def moca(tmp_path: Path) -> Iterator[Whole]:
    """All of Moca, with every reply held as a draft."""
    with whole_moca(tmp_path, MOCA_TOPICS__OTHER="draft") as whole:
        yield whole


@pytest.fixture
def visit(browser: Browser, moca: Whole) -> Iterator[Callable[..., Page]]:
    """Open a page that followed the printed link."""
    contexts = []

    def visit(size: str = "desktop", **options: Any) -> Page:
        viewport = SIZES[size]
        context = new_context(browser, viewport=viewport, base_url=moca.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"/?token={TOKEN}")
        return page

    yield visit
    for context in contexts:
        context.close()


def drafted(moca: Whole, count: int, since: int = 0) -> None:
    """Return once this many contacts more have a draft each, oldest first."""
    for number in range(since, since + count):
        moca.writes(f"question {number}", str(700 + number), f"Contact {number}")
        moca.waits_for(*["held"] * (number + 1))


def test_ten_drafts_are_reviewed_by_keyboard(visit: Callable[..., Page], moca: Whole) -> None:
    drafted(moca, 10)
    page = visit()
    page.goto("/review")
    expect(page.get_by_text("10 drafts wait")).to_be_visible()
    assert findings(page) == []
    for number in range(10):
        expect(page.get_by_label("Messages")).to_contain_text(f"question {number}")
        page.wait_for_load_state()
        if number == 3:
            page.keyboard.press("e")
            expect(page.get_by_label("Draft")).to_be_focused()
            page.get_by_label("Draft").fill("said by hand, adding")
            page.keyboard.press("Control+Enter")
        else:
            page.keyboard.press("d" if number in (5, 8) else "a")
    expect(page.get_by_text("No drafts wait.")).to_be_visible()
    moca.waits_for(*("cancelled" if number in (5, 8) else "sent" for number in range(10)))
    assert [moca.reached(str(each)) for each in (702, 703, 705)] == [
        [REPLY],
        ["said by hand, adding"],
        [],
    ]
    assert moca.rows("SELECT drafted_text FROM message WHERE drafted_text IS NOT NULL") == [
        (REPLY,)
    ]


@pytest.mark.parametrize("size", SIZES)
def test_the_page_refreshes_around_the_draft_and_one_is_approved_from_its_thread(
    visit: Callable[..., Page], moca: Whole, size: str
) -> None:
    page = visit(size)
    page.goto("/review")
    expect(page.get_by_text("No drafts wait.")).to_be_visible()
    drafted(moca, 1)
    draft = page.get_by_label("Draft")
    draft.fill("my words")
    drafted(moca, 1, since=1)
    expect(page.get_by_text("2 drafts wait")).to_be_visible()
    expect(draft).to_be_focused()
    expect(draft).to_have_value("my words")
    assert fits(page)
    assert findings(page) == []
    moca.post("/api/queue/1/discard")
    expect(page.get_by_text("This draft no longer waits: cancelled.")).to_be_visible()
    expect(draft).to_have_value("my words")
    expect(page.get_by_role("button", name="Approve and send")).to_have_count(0)
    page.get_by_role("link", name="Next draft").click()
    expect(page.get_by_label("Messages")).to_contain_text("question 1")
    page.goto("/conversations/2")
    page.get_by_role("button", name="Approve", exact=True).click()
    moca.waits_for("cancelled", "sent")
    expect(page.locator("#bubbles")).to_contain_text("Sent")
    assert fits(page)


def test_drafts_are_reviewed_without_scripts(visit: Callable[..., Page], moca: Whole) -> None:
    drafted(moca, 2)
    page = visit(java_script_enabled=False)
    page.goto("/review")
    page.get_by_label("Draft").fill("by hand")
    page.get_by_role("button", name="Approve and send").click()
    expect(page.get_by_label("Messages")).to_contain_text("question 1")
    page.get_by_role("button", name="Discard").click()
    expect(page.get_by_text("No drafts wait.")).to_be_visible()
    moca.waits_for("sent", "cancelled")
    assert moca.reached("700") == ["by hand"]
