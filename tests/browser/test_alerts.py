"""Agents notice a conversation that newly needs a reply: title, icon, sound and notification."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import findings
from tests.browser.service import Whole
from tests.browser.test_inbox import SIZES, answered, moca, visit

__all__ = ["moca", "visit"]

# The operating system would show the notifications and play the sound: they are recorded instead.
RECORD = """
window.shown = []; window.tones = 0; window.isFocused = true;
document.hasFocus = () => window.isFocused;
ServiceWorkerRegistration.prototype.showNotification = async (title, { body, tag }) => {
  window.shown.push([title, body, tag]);
};
const { start } = AudioScheduledSourceNode.prototype;
AudioScheduledSourceNode.prototype.start = function (...when) {
  window.tones += 1;
  start.apply(this, when);
};
navigator.setAppBadge = async (count) => { window.badge = count; };
"""
TURN_ON, TURN_OFF = "Turn notifications on", "Turn notifications off"


@pytest.fixture
def page(request: pytest.FixtureRequest, visit: Callable[..., Page], moca: Whole) -> Page:
    """The inbox, with two conversations that the bot has answered and that are paused since."""
    for number, (psid, name) in enumerate((("700", "Ada"), ("701", "Ben")), start=1):
        answered(moca, psid=psid, name=name)
        moca.post(f"/api/conversations/{number}/pause", minutes=60)
    page = visit(getattr(request, "param", "desktop"))
    page.context.add_init_script(RECORD)
    page.context.grant_permissions(["notifications"])
    page.reload()
    expect(page).to_have_title("Inbox · Moca")
    page.wait_for_function("() => window.badge === 0")
    return page


def tones(page: Page) -> int:
    found: int = page.evaluate("window.tones")
    return found


@pytest.mark.parametrize("page", SIZES, indirect=True)
def test_the_title_and_the_icon_count_what_needs_a_reply(page: Page, moca: Whole) -> None:
    moca.writes("Hello?")
    expect(page).to_have_title("(1) Inbox · Moca")
    expect(page.locator("#icon")).to_have_attribute("href", "/icons/1.svg")
    assert page.evaluate("window.badge") == 1

    page.get_by_role("link", name="Ada").click()
    expect(page).to_have_title("(1) Ada · Moca")
    page.get_by_label("Your reply").fill("Yes?")
    page.get_by_role("button", name="Send").click()
    expect(page).to_have_title("Ada · Moca")
    expect(page.locator("#icon")).to_have_attribute("href", "/static/icon.svg")
    assert (tones(page), page.evaluate("window.shown")) == (0, [])


def test_other_pages_count_too(page: Page, moca: Whole) -> None:
    moca.writes("Hello?")
    page.goto("/queue")
    expect(page).to_have_title("(1) Queue · Moca")


def test_a_page_in_use_sounds_and_one_in_the_background_notifies(page: Page, moca: Whole) -> None:
    page.get_by_role("button", name=TURN_ON).click()
    expect(page.get_by_role("button", name=TURN_OFF)).to_be_visible()
    page.wait_for_function(
        "async () => (await navigator.serviceWorker.getRegistration('/static/'))?.active"
    )
    sample = tones(page)
    moca.writes("Hello?")
    expect(page).to_have_title("(1) Inbox · Moca")
    assert (tones(page) > sample, page.evaluate("window.shown")) == (True, [])

    page.evaluate("window.isFocused = false")
    moca.writes("My card number is 4111", psid="701", name="Ben")
    expect(page).to_have_title("(2) Inbox · Moca")
    page.wait_for_function("() => window.shown.length")
    assert page.evaluate("window.shown") == [["Ben", "Needs a reply", "/conversations/2"]]

    page.reload()
    expect(page).to_have_title("(2) Inbox · Moca")
    assert (tones(page), page.evaluate("window.shown")) == (0, [])


def test_the_choice_is_kept_and_can_be_undone(page: Page, moca: Whole) -> None:
    page.get_by_role("button", name=TURN_ON).click()
    page.reload()
    page.get_by_role("button", name=TURN_OFF).click()
    moca.writes("Hello?")
    expect(page).to_have_title("(1) Inbox · Moca")
    expect(page.get_by_role("button", name=TURN_ON)).to_be_visible()
    assert (tones(page), findings(page)) == (0, [])


def test_a_browser_that_blocks_notifications_says_that_there_is_only_the_sound(page: Page) -> None:
    page.context.clear_permissions()
    page.evaluate("Notification.requestPermission = async () => 'denied'")
    page.get_by_role("button", name=TURN_ON).click()
    expect(page.locator("#alerts-status")).to_have_text(
        "Sound only: this browser blocks notifications from Moca."
    )
    assert findings(page) == []


def test_a_hidden_page_goes_on_counting(page: Page, moca: Whole) -> None:
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true })")
    page.clock.install()
    moca.writes("Hello?")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page).to_have_title("(1) Inbox · Moca")


def test_a_notification_opens_its_conversation(page: Page) -> None:
    page.evaluate(
        "navigator.serviceWorker.dispatchEvent("
        "new MessageEvent('message', { data: '/conversations/2' }))"
    )
    expect(page.get_by_role("heading", name="Ben", level=1)).to_be_visible()


def test_moca_can_be_installed(page: Page) -> None:
    client = page.context.new_cdp_session(page)
    manifest = client.send("Page.getAppManifest")
    assert (manifest["url"].rpartition("/")[2], manifest["errors"]) == ("moca.webmanifest", [])
    errors = client.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # Playwright's contexts are all incognito.
    assert [each["errorId"] for each in errors] == ["in-incognito"]
