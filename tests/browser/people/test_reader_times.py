"""Times are shown by the reader's clock, and opening hours by the shop's."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from moca import clock
from tests.browser.patience import new_context
from tests.browser.service import TOKEN, Whole, whole_moca
from tests.process.service import eventually
from tests.support.values import present

TOKYO, BERLIN = "Asia/Tokyo", "Europe/Berlin"


@pytest.fixture
def opens_at() -> datetime:
    """When the shop opens next; it is closed for days, whenever the test runs."""
    return clock.now().astimezone(ZoneInfo(BERLIN)).replace(hour=10, minute=30) + timedelta(days=3)


@pytest.fixture
def moca(tmp_path: Path, opens_at: datetime) -> Iterator[Whole]:
    hours = {f"MOCA_BUSINESS_HOURS__{day}": "[]" for day in _DAYS}
    hours[f"MOCA_BUSINESS_HOURS__{_DAYS[opens_at.weekday()]}"] = '["10:30-11:30"]'
    told = {"MOCA_BUSINESS_HOURS__ENABLED": "true", "MOCA_BUSINESS_HOURS__TIMEZONE": BERLIN}
    with whole_moca(tmp_path, **told, **hours) as whole:
        yield whole


_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


@pytest.fixture
def in_tokyo(browser: Browser, moca: Whole) -> Iterator[Callable[[str], Page]]:
    """Opens a page in a browser in Tokyo."""
    context = new_context(browser, base_url=moca.url, locale="en-GB", timezone_id=TOKYO)
    page = context.new_page()
    page.goto(f"/?token={TOKEN}")

    def visited(path: str) -> Page:
        page.goto(path)
        return page

    yield visited
    context.close()


def test_a_journey_tells_its_times_by_the_readers_clock_and_opening_hours_by_the_shops(
    in_tokyo: Callable[[str], Page], moca: Whole, opens_at: datetime
) -> None:
    mid = moca.writes("When are you open?")
    eventually(lambda: moca.rows("SELECT 1 FROM message WHERE outcome = 'suppressed'"))

    page = in_tokyo(f"/messages/{mid}")

    is_in_tokyo(page.locator(".steps .step-detail", has_text=" left").locator("time"))
    opening = f"open again {opens_at:%a %d %b} 10:30 {BERLIN}"
    expect(page.locator(".letter-end")).to_contain_text(opening)


def test_the_sandbox_tells_the_times_of_a_journey_by_the_readers_clock(
    in_tokyo: Callable[[str], Page], moca: Whole
) -> None:
    page = in_tokyo("/sandbox")
    page.get_by_label("Message", exact=True).fill("When are you open?")
    page.get_by_label("Message", exact=True).press("Enter")
    eventually(lambda: moca.rows("SELECT 1 FROM message WHERE outcome = 'suppressed'"))
    retry = "throttled; the account is rate limited until 2026-11-22T12:00:00Z"
    moca.rows(f"UPDATE journey_step SET detail = '{retry}' WHERE stage = 'reception'")

    is_in_tokyo(page.locator('.stage[data-key="reception"] .stage-text time'))


def test_a_row_tells_how_long_ago_and_on_hover_when(
    in_tokyo: Callable[[str], Page], moca: Whole
) -> None:
    moca.writes("When are you open?")
    eventually(lambda: moca.rows("SELECT 1 FROM message WHERE outcome = 'suppressed'"))

    shown = in_tokyo("/").locator(".row time").first

    expect(shown).to_have_text(re.compile(r"now|\d+ min"))
    expect(shown).to_have_attribute("title", re.compile(tokyo_time(shown)))


def test_the_queue_tells_the_day_on_which_a_later_reply_goes_out(
    in_tokyo: Callable[[str], Page], moca: Whole
) -> None:
    moca.writes("When are you open?")
    eventually(lambda: moca.rows("SELECT 1 FROM message WHERE outcome = 'suppressed'"))
    due = clock.now() + timedelta(days=5)
    moca.post("/api/conversations/1/messages", text="At nine.", scheduled_for=due.isoformat())

    forecast = in_tokyo("/queue").locator("p", has_text="The reply goes out at")

    day = due.astimezone(ZoneInfo(TOKYO))
    shown = re.compile(rf"{day.day} {day:%b}( {day.year})?, {day:%H:%M}")
    expect(forecast.locator("time")).to_have_text(shown)


def is_in_tokyo(shown: Locator) -> None:
    expect(shown).to_contain_text(tokyo_time(shown))


def tokyo_time(shown: Locator) -> str:
    at = datetime.fromisoformat(present(shown.get_attribute("datetime")))
    return f"{at.astimezone(ZoneInfo(TOKYO)):%H:%M}"
