"""An operator's daily work in a browser, through to the database and the fake Instagram."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import findings, findings_in_both_schemes
from tests.browser.patience import new_context
from tests.browser.service import TOKEN, Whole, whole_moca
from tests.browser.width import fits
from tests.process.service import eventually

SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 860}}
REPLY = "Thank you for writing! Somebody will look into it today."
PASSWORD = "correct horse battery"


both_sizes = pytest.mark.parametrize("page", SIZES, indirect=True)


@pytest.fixture
def moca(tmp_path: Path) -> Iterator[Whole]:
    with whole_moca(tmp_path, MOCA_REPLIES__MOCK_TEXT=REPLY) as whole:
        yield whole


@pytest.fixture
def visit(browser: Browser, moca: Whole) -> Iterator[Callable[..., Page]]:
    """Opens a page; its console must stay free of errors, and nothing may overflow."""
    contexts, faults = [], []

    def visited(
        size: str = "desktop", path: str = f"/?token={TOKEN}", **options: bool | dict[str, int]
    ) -> Page:
        told = {"viewport": SIZES[size], "base_url": moca.url, "locale": "en-GB", **options}
        context = new_context(browser, **told)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(path)
        return page

    yield visited
    for context in contexts:
        for page in context.pages:
            assert fits(page)
        context.close()
    assert faults == []


@pytest.fixture
def page(request: pytest.FixtureRequest, visit: Callable[..., Page]) -> Page:
    return visit(getattr(request, "param", "desktop"))


def status(moca: Whole) -> str:
    return str(moca.rows("SELECT status FROM conversation ORDER BY id")[0][0])


def answered(moca: Whole, text: str = "When are you open?", **who: Any) -> str:
    """Send a message and wait for the bot's reply."""
    mid = moca.writes(text, **who)

    def is_answered() -> list[str]:
        return moca.reached(who.get("psid", "700"))

    eventually(is_answered)
    return mid


@both_sizes
def test_a_contact_is_answered_by_hand_in_two_clicks(page: Page, moca: Whole) -> None:
    answered(moca)
    page.get_by_role("link", name="Ada").click()
    expect(page.locator(".bubble").first).to_contain_text("When are you open?")
    expect(page.locator('.bubble[data-author="bot"]')).to_contain_text(REPLY)

    page.get_by_label("Your reply").fill("At nine. See you!")
    expect(page.locator("#bytes")).to_have_text("17 of 1000 bytes")
    page.get_by_role("button", name="Send").click()

    mine = page.locator('.bubble[data-author="operator"]')
    expect(mine).to_contain_text("At nine. See you!")
    expect(mine.locator(".chip")).to_have_text("Sent")
    assert moca.reached() == [REPLY, "At nine. See you!"]
    expect(page.locator(".window")).to_contain_text("23 h 59 min left")


@both_sizes
def test_the_main_path_goes_by_keyboard_alone(page: Page, moca: Whole) -> None:
    answered(moca)
    expect(page.get_by_role("link", name="Ada")).to_be_visible()
    tab_to(page, ".row")
    page.keyboard.press("Enter")
    page.wait_for_url("**/conversations/1")
    tab_to(page, "#text")
    page.keyboard.type("By hand")
    page.keyboard.press("Control+Enter")

    expect(page.locator('.bubble[data-author="operator"] .chip')).to_have_text("Sent")
    tab_to(page, 'a[id^="why-"]')
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Journey")).to_be_visible()


def tab_to(page: Page, selector: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"nothing like {selector} can be reached by keyboard")


def test_why_another_got_no_answer_is_two_clicks_away(page: Page, moca: Whole) -> None:
    moca.writes_twice("price?")
    page.get_by_role("link", name="Ada").click()
    repeat = page.locator(".bubble", has=page.locator('[data-state="duplicate"]'))
    repeat.get_by_role("link", name=re.compile("^Details")).click()

    expect(page.get_by_text("What would have changed this")).to_be_visible()
    expect(page.get_by_text("With dedup_seconds below")).to_be_visible()
    assert findings(page) == []


@both_sizes
def test_the_bot_is_stopped_and_given_the_word_again(page: Page, moca: Whole) -> None:
    answered(moca)
    page.get_by_role("link", name="Ada").click()
    for button, shown, stored in (
        ("Pause", "Paused", "paused"),
        ("Take over", "Administrator has taken over", "human"),
        ("Hand back to the bot", "Bot", "open"),
        ("Close", "Closed", "closed"),
        ("Reopen", "Bot", "open"),
    ):
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.locator(".conversation-head :is(.chip, #held-by)")).to_have_text(shown)
        assert status(moca) == stored


def test_a_message_comes_in_while_somebody_writes(page: Page, moca: Whole) -> None:
    answered(moca)
    page.get_by_role("link", name="Ada").click()
    page.get_by_label("Your reply").fill("I am just writ")
    page.locator("#minutes").select_option("480")
    moca.writes("Hello? Anybody?")

    expect(page.locator("#bubbles")).to_contain_text("Hello? Anybody?")
    expect(page.get_by_label("Your reply")).to_have_value("I am just writ")
    expect(page.get_by_label("Your reply")).to_be_focused()
    expect(page.locator("#minutes")).to_have_value("480")


def test_the_inbox_shows_what_is_new_by_itself_and_what_was_read(page: Page, moca: Whole) -> None:
    expect(page.get_by_text("No open conversations.")).to_be_visible()
    answered(moca)

    row = page.get_by_role("link", name="Ada")
    expect(row).to_contain_text("Replied to: When are you open?")
    expect(row).to_have_attribute("data-unread", "")
    row.click()
    expect(page.get_by_role("heading", name="Ada", level=1)).to_be_visible()
    page.get_by_role("link", name="Inbox").first.click()
    expect(page.get_by_role("link", name="Ada")).not_to_have_attribute("data-unread", "")


def indexed(moca: Whole, word: str, name: str) -> None:
    """Wait until a message and a contact's name can be found."""

    def can_be_found() -> list[tuple[int | str, ...]]:
        messages = f"SELECT 1 FROM message_words WHERE message_words MATCH '{word}'"
        contacts = f"SELECT 1 FROM contact_words WHERE contact_words MATCH '{name}'"
        return moca.rows(messages) and moca.rows(contacts)

    eventually(can_be_found)


def searched(page: Page, text: str) -> None:
    page.get_by_label("Search messages and contacts").fill(text)
    page.keyboard.press("Enter")


@both_sizes
def test_conversations_are_filtered_and_searched(page: Page, moca: Whole) -> None:
    answered(moca, "Where is my order?", psid="700", name="Ada")
    answered(moca, "Do you wrap presents?", psid="701", name="Ben")
    moca.post("/api/conversations/1/pause")
    indexed(moca, "presents", "ben")

    page.get_by_role("link", name="Waiting for contact").click()
    expect(page.locator(".row")).to_have_count(1)
    searched(page, "PRESÉNTS")
    expect(page.locator(".row")).to_contain_text("Do you wrap presents?")
    searched(page, "order is:snoozed")
    expect(page.get_by_text("No messages match your search.")).to_be_visible()
    searched(page, "is:lost")
    expect(page.get_by_role("alert")).to_contain_text("is:lost is not known")
    searched(page, "ben")
    page.get_by_role("link", name="Ben").first.click()
    expect(page.get_by_role("heading", name="Ben", level=1)).to_be_visible()


@both_sizes
def test_a_saved_answer_a_note_and_a_reply_for_later(page: Page, moca: Whole) -> None:
    answered(moca)
    page.get_by_role("link", name="Ada").click()
    moca.post("/api/saved-replies", name="hours", text="We open at nine.")
    opens_notes(page)
    page.get_by_label("New note").fill("Is a regular.")
    page.get_by_role("button", name="Add note").click()
    expect(page.locator(".notes").first).to_contain_text("Is a regular.")
    page.goto("/conversations/1")

    page.get_by_label("Saved reply", exact=True).select_option("hours")
    expect(page.get_by_label("Your reply")).to_have_value("We open at nine.")
    tomorrow = "new Date(Date.now() + 864e5).toISOString().slice(0, 16)"
    page.get_by_text("Options").click()
    page.get_by_label("Send at").fill(page.evaluate(tomorrow))
    page.get_by_label("Priority").select_option("high")
    page.get_by_role("button", name="Send").click()

    mine = page.locator('.bubble[data-author="operator"]')
    expect(mine).to_contain_text("Scheduled for")
    expect(mine.locator(".chip")).to_have_text("Queued")
    sql = "SELECT priority, scheduled_for - created_at > 86000000000 FROM queue_item"
    assert moca.rows(f"{sql} ORDER BY id DESC LIMIT 1") == [(0, 1)]


def opens_notes(page: Page) -> None:
    """Show the notes, which stand beside the thread where there is room."""
    expect(page.locator("#thread h1")).to_be_visible()
    if page.get_by_role("link", name="Notes").is_visible():
        page.get_by_role("link", name="Notes").click()


def test_operators_log_in_by_name_and_do_what_they_may(
    visit: Callable[..., Page], moca: Whole
) -> None:
    answered(moca)
    page = visit()
    adds_a_reader(page)
    expect(page.get_by_text("added a user")).to_be_visible()
    assert findings(page) == []

    hers = visit("phone", "/login")
    assert findings(hers) == []
    logs_in(hers)
    expect(hers.get_by_role("button", name="Log out")).to_be_visible()
    hers.locator("a.row", has_text="Ada").click()
    expect(hers.locator(".bubble").first).to_be_visible()
    expect(hers.get_by_role("button", name="Send")).to_have_count(0)

    hers.goto("/login")
    page.get_by_label("Role of ada").select_option("answers")
    page.get_by_role("button", name="Change role").click()
    expect(page.get_by_text("changed a role to Agent")).to_be_visible()
    logs_in(hers)
    hers.get_by_role("link", name="All open").click()
    hers.locator("a.row", has_text="Ada").click()
    hers.get_by_label("Your reply").fill("Hello from Ada")
    hers.get_by_role("button", name="Send").click()
    expect(hers.get_by_text("Hello from Ada")).to_be_visible()
    hers.get_by_role("button", name="Log out").click()
    expect(hers.get_by_role("heading", name="Log in")).to_be_visible()

    page.reload()
    expect(page.locator(".entry", has_text="sent a reply")).to_contain_text("ada")


def adds_a_reader(page: Page, role: str = "reads") -> None:
    page.get_by_role("link", name="Users").click()
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.locator(".inline-form").get_by_label("Role").select_option(role)
    page.get_by_role("button", name="Add user").click()


def logs_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()


@both_sizes
def test_axe_finds_nothing(page: Page, moca: Whole) -> None:
    mid = answered(moca)
    moca.post("/api/conversations/1/messages", text="By hand")
    for path in ("/", "/conversations/1", f"/messages/{mid}", "/?q=open", "/users", "/login"):
        page.goto(path)
        assert (path, findings_in_both_schemes(page)) == (path, [])
