"""What a newcomer wants from the first page, with the clicks counted."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.patience import new_context
from tests.browser.service import TOKEN, Whole
from tests.browser.test_operations import REPLY, SIZES, moca

__all__ = ["moca"]
MOST = 3


class Clicks:
    """A browser on the first page that counts clicks."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def click(self, role: str, name: str, **more: Any) -> None:
        """Click the element of this role and name."""
        of_role: Any = role
        self.page.get_by_role(of_role, name=name, **more).first.click()
        self.count += 1


@pytest.fixture(params=SIZES)
def first_page(request: pytest.FixtureRequest, browser: Browser, moca: Whole) -> Iterator[Clicks]:
    """The first page in a browser that opened the printed link."""
    context = new_context(browser, viewport=SIZES[request.param], base_url=moca.url)
    clicks = Clicks(context.new_page())
    clicks.page.goto(f"/?token={TOKEN}")
    yield clicks
    assert clicks.count <= MOST
    context.close()


def test_a_contact_is_answered_by_hand(first_page: Clicks, moca: Whole) -> None:
    moca.writes("When are you open?")
    moca.waits_for("sent")
    first_page.click("link", "Ada")
    first_page.page.get_by_label("Your reply").fill("At nine.")
    first_page.click("button", "Send")
    moca.waits_for("sent", "sent")
    assert moca.reached() == [REPLY, "At nine."]


def test_why_another_got_no_answer(first_page: Clicks, moca: Whole) -> None:
    moca.writes_twice("price?")
    first_page.click("link", "Ada")
    repeat = first_page.page.locator(
        ".bubble", has=first_page.page.locator("[data-state=duplicate]")
    )
    repeat.get_by_role("link", name=re.compile("^Details")).click()
    first_page.count += 1
    expect(first_page.page.get_by_text("With dedup_seconds below")).to_be_visible()


def test_the_bot_is_stopped_for_one_conversation(first_page: Clicks, moca: Whole) -> None:
    moca.writes("When are you open?")
    moca.waits_for("sent")
    first_page.click("link", "Ada")
    first_page.click("button", "Pause", exact=True)
    expect(first_page.page.locator(".conversation-head .chip")).to_have_text("Paused")
    assert moca.rows("SELECT status FROM conversation") == [("paused",)]


def test_the_queue_is_frozen_and_released(first_page: Clicks, moca: Whole) -> None:
    first_page.click("link", "Queue")
    first_page.click("button", "Pause sending")
    expect(first_page.page.get_by_role("status")).to_contain_text("Sending is paused")
    assert len(moca.rows("SELECT * FROM freeze")) == 1
    first_page.click("button", "Resume sending")
    expect(first_page.page.get_by_role("button", name="Pause sending")).to_be_visible()
    assert moca.rows("SELECT * FROM freeze") == []


def test_whether_the_accounts_are_healthy(first_page: Clicks, moca: Whole) -> None:
    moca.writes("When are you open?")
    moca.waits_for("sent")
    first_page.click("link", "Health")
    expect(first_page.page.locator(".item[data-account] .chip")).to_have_text("Connected")
