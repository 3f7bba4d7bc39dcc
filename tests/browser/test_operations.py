"""The pages about Moca itself, each action down to the database and the fake Instagram."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import findings_in_both_schemes
from tests.browser.patience import new_context
from tests.browser.service import TOKEN, Whole, whole_moca
from tests.browser.width import fits

SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 860}}
REPLY = "This would be an AI generated message"


both_sizes = pytest.mark.parametrize("page", SIZES, indirect=True)


@pytest.fixture
def moca(tmp_path: Path) -> Iterator[Whole]:
    """All of Moca, without any messages yet."""
    with whole_moca(tmp_path) as whole:
        yield whole


@pytest.fixture
def page(request: pytest.FixtureRequest, browser: Browser, moca: Whole) -> Iterator[Page]:
    """A page at one of the sizes that opened the printed link; its console must have no errors."""
    context = new_context(
        browser, viewport=SIZES[getattr(request, "param", "desktop")], base_url=moca.url
    )
    page, faults = context.new_page(), []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"/?token={TOKEN}")
    yield page
    assert fits(page)
    context.close()
    assert faults == [], faults


@both_sizes
def test_the_queue_is_frozen_looked_through_edited_dropped_and_released(
    page: Page, moca: Whole
) -> None:
    page.get_by_role("link", name="Queue").click()
    page.get_by_role("button", name="Pause sending").click()
    expect(page.get_by_role("status")).to_contain_text("Sending is paused")
    moca.writes("When are you open?", "700", "Ada")
    moca.writes("What does it cost?", "701", "Ben")
    moca.waits_for("pending", "pending")
    page.reload()
    expect(page.locator(".item")).to_have_count(2)
    expect(page.get_by_label("Forecast")).to_contain_text("If you resume now")

    first = page.locator(".item").filter(has_text="Ada")
    first.get_by_role("link", name="Edit").click()
    page.get_by_label("Message").fill("At nine, said by hand.")
    page.get_by_role("button", name="Save").click()
    expect(first).to_contain_text("At nine, said by hand.")
    other = page.locator(".item").filter(has_text="Ben")
    other.get_by_role("button", name="Cancel").click()
    expect(page.locator(".item")).to_have_count(1)
    assert (moca.reached("700"), moca.reached("701")) == ([], [])

    page.get_by_role("button", name="Resume sending").click()
    moca.waits_for("sent", "cancelled")
    assert (moca.reached("700"), moca.reached("701")) == (["At nine, said by hand."], [])
    expect(page.get_by_role("button", name="Pause sending")).to_be_visible()


def test_a_cancelled_reply_is_retried(page: Page, moca: Whole) -> None:
    moca.post("/api/queue/freeze")
    moca.writes("When are you open?")
    moca.waits_for("pending")
    moca.post("/api/queue/1/cancel")
    moca.post("/api/queue/release")

    page.goto("/queue?status=cancelled")
    expect(page.locator(".item")).to_contain_text("a teammate cancelled the reply")
    page.get_by_role("button", name="Retry").click()

    moca.waits_for("sent")
    assert moca.reached() == [REPLY]


@pytest.mark.parametrize(
    ("button", "status"), [("Mark as delivered", "sent"), ("Mark as not delivered", "pending")]
)
def test_a_reply_of_unknown_fate_is_settled(
    page: Page, moca: Whole, button: str, status: str
) -> None:
    moca.post("/api/queue/freeze")
    moca.writes("When are you open?")
    moca.waits_for("pending")
    moca.rows("UPDATE queue_item SET status = 'unknown'")

    page.goto("/queue?status=unknown")
    page.get_by_role("button", name=button, exact=True).click()

    moca.waits_for(status)


def test_health_shows_what_is_alive_and_what_was_counted(page: Page, moca: Whole) -> None:
    moca.writes("When are you open?")
    moca.waits_for("sent")

    page.get_by_role("link", name="Health").click()

    expect(page.get_by_role("heading", name="Health")).to_be_visible()
    expect(page.locator(".parts .chip").first).to_have_text("Healthy")
    expect(page.locator(".parts .chip")).to_have_count(3)
    expect(page.locator(".parts")).to_contain_text("delivered, 0 missed")
    for chart in ("webhooks", "acks", "outcomes", "replies"):
        assert page.locator(f'[data-chart="{chart}"] rect').count() > 0
    expect(page.locator('[data-chart="outcomes"] [data-series="answered"] b')).to_have_text("1")
    page.get_by_role("link", name="Last day").click()
    expect(page.locator('[data-chart="outcomes"] [data-series="answered"] b')).to_have_text("1")


def test_an_account_gets_a_new_token_and_is_removed(page: Page, moca: Whole) -> None:
    moca.post(
        "/api/accounts",
        account_id="17841400000000007",
        username="the_shop",
        access_token="an-old-token",
    )
    page.get_by_role("link", name="Accounts").click()
    expect(page.get_by_role("heading", name="the_shop")).to_be_visible()

    page.get_by_text("Replace the access token").click()
    page.get_by_label("Access token from Meta's dashboard").fill("a-new-token")
    page.get_by_role("button", name="Save token").click()
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    assert "a-new-token" not in page.content()

    page.get_by_role("link", name="Remove the_shop").click()
    page.get_by_role("button", name="Remove account").click()
    expect(page.get_by_role("heading", name="the_shop has been removed")).to_be_visible()
    expect(page.get_by_text("Meta may still send its webhooks")).to_be_visible()
    page.locator(".crumb").get_by_role("link", name="Accounts").click()
    expect(page.get_by_text("No accounts connected yet.")).to_be_visible()


PAGES = ("/queue", "/health", "/accounts", "/settings", "/start", "/queue/1/edit", "/")


@both_sizes
def test_no_page_has_a_finding(page: Page, moca: Whole) -> None:
    moca.post("/api/queue/freeze")
    moca.writes("When are you open?")
    moca.waits_for("pending")
    moca.post("/api/accounts", account_id="17841400000000007", access_token="an-old-token")
    found = {}
    for path in PAGES:
        page.goto(path)
        found[path] = findings_in_both_schemes(page)
        assert fits(page), path
    assert found == {path: [] for path in PAGES}


def test_the_queue_is_frozen_and_released_by_keyboard_alone(page: Page, moca: Whole) -> None:
    page.goto("/queue")
    page.get_by_role("button", name="Pause sending").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Sending is paused")
    page.get_by_role("button", name="Resume sending").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Pause sending")).to_be_visible()
    assert moca.rows("SELECT * FROM freeze") == []


def test_a_frozen_queue_is_told_on_every_page(page: Page, moca: Whole) -> None:
    moca.post("/api/queue/freeze")
    for path in PAGES[:5]:
        page.goto(path)
        expect(page.get_by_role("status").first).to_contain_text("Sending is paused")


def test_the_settings_in_force_are_shown_masked_with_what_differs(page: Page) -> None:
    page.get_by_role("link", name="Settings").click()

    differs = page.locator("[data-differs]")
    expect(differs.filter(has_text="debounce_seconds")).to_contain_text("0.05")
    expect(differs.filter(has_text="debounce_seconds")).to_contain_text("default 5")
    expect(page.locator("div").filter(has_text="per_second").first).to_be_visible()
    assert TOKEN not in page.content()


@both_sizes
def test_the_first_page_says_what_to_do_until_a_message_was_answered(
    page: Page, moca: Whole
) -> None:
    expect(page.get_by_role("heading", name="Get started")).to_be_visible()
    page.get_by_role("link", name="Send a first message in the sandbox").click()
    page.get_by_label("Message", exact=True).fill("Hello there")
    page.get_by_label("Message", exact=True).press("Enter")
    expect(page.locator('.said[data-sender="account"]')).to_contain_text(REPLY)
    moca.waits_for("sent")

    page.goto("/")
    expect(page.get_by_role("heading", name="Get started")).to_have_count(0)


@both_sizes
def test_the_doctor_checks_off_the_way_to_a_real_account(page: Page) -> None:
    page.get_by_role("link", name="Set up your Instagram account").click()
    expect(page.get_by_role("heading", name="Set up your Instagram account")).to_be_visible()
    expect(page.locator(".findings li")).to_have_count(0)

    page.get_by_role("button", name="Run checks").click()

    expect(page.locator(".findings [data-done]").filter(has_text="database Passed")).to_be_visible()
    expect(page.get_by_role("button", name="Run checks again")).to_be_visible()
