"""An agent assigns and snoozes by keyboard, without page loads."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import findings
from tests.browser.service import Whole
from tests.browser.test_inbox import adds_a_reader, logs_in, moca, visit

__all__ = ["moca", "visit"]

WIDE = {"width": 1440, "height": 900}
ROW = "SELECT assignee_id, snoozed_at IS NOT NULL, snoozed_until IS NOT NULL FROM conversation"


@pytest.fixture
def agent(visit: Callable[..., Page], moca: Whole) -> Page:
    """An agent's inbox, in Tokyo, with one open conversation."""
    moca.writes("When are you open?", name="Anna")
    moca.waits_for("sent")
    adds_a_reader(visit(), role="answers")
    page = visit("desktop", "/login", viewport=WIDE, timezone_id="Asia/Tokyo")
    logs_in(page)
    page.goto("/?list=all_open")
    page.locator(".row").click()
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("Escape")
    return page


def test_a_key_assigns_to_me(agent: Page, moca: Whole) -> None:
    expect(agent.get_by_role("combobox", name="Assigned to")).to_have_value("")

    agent.keyboard.press("a")

    expect(agent.locator(".conversation-head")).to_contain_text("Assigned to ada")
    expect(agent.get_by_role("combobox", name="Assigned to").locator(":checked")).to_have_text(
        "ada (you)"
    )
    expect(agent.get_by_role("link", name="Mine 1")).to_be_visible()
    agent.get_by_role("combobox", name="Assigned to").select_option("No one")
    expect(agent.locator(".conversation-head")).not_to_contain_text("Assigned to")
    assert moca.rows(ROW) == [(None, 0, 0)]


def test_a_key_offers_snoozes_in_the_readers_zone(agent: Page, moca: Whole) -> None:
    agent.keyboard.press("s")
    expect(agent.get_by_role("button", name="In 1 hour")).to_be_focused()
    assert findings(agent) == []

    agent.get_by_role("button", name="Tomorrow, 9:00").click()

    expect(agent.locator(".conversation-head")).to_contain_text("Snoozed until")
    expect(agent.locator(".conversation-head time").first).to_contain_text("09:00")
    expect(agent.get_by_role("button", name="In 1 hour")).to_be_hidden()
    expect(agent.get_by_text("No open conversations.")).to_be_visible()
    ((assignee, is_snoozed, has_end),) = moca.rows(ROW)
    assert (assignee, is_snoozed, has_end) == (None, 1, 1)
    agent.get_by_role("button", name="End snooze").click()
    expect(agent.locator(".row")).to_have_count(1)


def test_enter_takes_the_time_that_was_typed(agent: Page, moca: Whole) -> None:
    agent.keyboard.press("s")
    until = datetime.now(ZoneInfo("Asia/Tokyo")).date() + timedelta(days=3)
    agent.locator("#snooze").get_by_label("Date and time").fill(f"{until}T09:30")
    agent.keyboard.press("Enter")
    expect(agent.locator(".conversation-head")).to_contain_text("Snoozed until")
    ((at,),) = moca.rows("SELECT snoozed_until FROM conversation")
    morning = datetime.combine(until, time(9, 30), ZoneInfo("Asia/Tokyo"))
    assert at == int(morning.timestamp()) * 1_000_000


GUESTS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
INSERT INTO contact (account_id, psid, name, created_at, last_seen_at, message_count)
SELECT account_id, 'guest ' || i, 'Guest ' || i, created_at, last_seen_at, 0
FROM contact, n WHERE psid = '700'
"""
TALKS = """
INSERT INTO conversation (contact_id, status, created_at, last_activity_at)
SELECT id, 'open', created_at, created_at - id FROM contact WHERE psid LIKE 'guest %'
"""
SCROLL = "document.querySelector('.pane-list').scrollTop"


@pytest.fixture
def guests(visit: Callable[..., Page], moca: Whole, request: pytest.FixtureRequest) -> Page:
    """An inbox with Anna and many guests: 99, or as many as the test says."""
    moca.writes("When are you open?", name="Anna")
    moca.waits_for("sent")
    moca.rows(GUESTS.format(count=getattr(request, "param", 99)))
    moca.rows(TALKS)
    page = visit("desktop", viewport=WIDE)
    expect(page.locator(".row")).to_have_count(40)
    return page


def scrolled_to(page: Page, number: int) -> None:
    """Bring a row into view; the list is replaced at any time, and with it the row."""
    page.wait_for_function(
        """(index) => {
            const row = document.querySelectorAll("#list .row")[index];
            row?.scrollIntoView();
            return row;
        }""",
        arg=number - 1,
    )


def test_a_list_grows_as_it_is_scrolled_and_stays_so_when_it_is_refreshed(
    guests: Page, moca: Whole
) -> None:
    scrolled_to(guests, 40)
    expect(guests.locator(".row")).to_have_count(80)
    scrolled_to(guests, 80)
    expect(guests.locator(".row")).to_have_count(100)
    expect(guests.get_by_role("link", name="Older conversations")).to_have_count(0)
    assert findings(guests) == []

    place = guests.evaluate(SCROLL)
    moca.writes("And on Sunday?", psid="701", name="Ben")
    expect(guests.locator(".row").first).to_contain_text("And on Sunday?")
    expect(guests.locator(".row")).to_have_count(101)
    assert guests.evaluate(SCROLL) >= place > 0
    guests.locator(".row", has_text="Guest 98").click()
    expect(guests.get_by_role("heading", name="Guest 98", level=1)).to_be_visible()
    expect(guests.locator(".row")).to_have_count(101)


def test_the_next_key_goes_on_into_the_next_page(guests: Page) -> None:
    guests.locator(".row", has_text="Guest 39").click()
    expect(guests.get_by_role("heading", name="Guest 39", level=1)).to_be_visible()
    guests.keyboard.press("Escape")
    guests.keyboard.press("j")
    expect(guests.get_by_role("heading", name="Guest 40", level=1)).to_be_visible()
    expect(guests.locator(".row[aria-current]")).to_contain_text("Guest 40")


@pytest.mark.parametrize("guests", [260], indirect=True)
def test_a_list_has_at_most_200_rows_and_a_key_or_a_link_leads_on(guests: Page) -> None:
    for number in (40, 80, 120, 160):
        scrolled_to(guests, number)
        expect(guests.locator(".row")).to_have_count(number + 40)
    guests.locator(".row", has_text="Guest 199").click()
    expect(guests.get_by_role("heading", name="Guest 199", level=1)).to_be_visible()
    guests.keyboard.press("Escape")
    guests.keyboard.press("j")

    expect(guests.get_by_role("heading", name="Guest 200", level=1)).to_be_visible()
    expect(guests.locator(".row[aria-current]")).to_contain_text("Guest 200")
    expect(guests.locator(".row")).to_have_count(40)
    guests.keyboard.press("j")
    expect(guests.get_by_role("heading", name="Guest 201", level=1)).to_be_visible()
    expect(guests.locator(".row")).to_have_count(40)


def test_without_scripts_a_link_leads_to_the_next_page(
    guests: Page, visit: Callable[..., Page]
) -> None:
    page = visit("desktop", viewport=WIDE, java_script_enabled=False)
    page.get_by_role("link", name="Older conversations").click()
    expect(page.locator(".row").first).to_contain_text("Guest 40")
    page.locator(".row").first.click()
    expect(page.get_by_role("heading", name="Guest 40", level=1)).to_be_visible()
    expect(page.locator(".row").first).to_contain_text("Guest 40")


def test_a_list_that_has_grown_keeps_its_rows_when_some_are_closed_at_once(
    guests: Page, moca: Whole
) -> None:
    scrolled_to(guests, 40)
    expect(guests.locator(".row")).to_have_count(80)
    for number in (60, 61):
        guests.get_by_role("checkbox", name=f"Select Guest {number}").check()
    guests.get_by_role("button", name="Close", exact=True).click()
    guests.get_by_role("button", name="Close conversations").click()

    expect(guests.locator("#done")).to_contain_text("2 conversations closed.")
    expect(guests.locator(".row", has_text="Guest 60")).to_have_count(0)
    expect(guests.locator(".row")).to_have_count(80)
