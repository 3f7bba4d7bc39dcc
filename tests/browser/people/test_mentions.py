"""A colleague mentioned in a note finds the conversation, and is told of it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import findings
from tests.browser.people.test_presence import admin
from tests.browser.people.test_push import SUBSCRIBE
from tests.browser.service import Whole
from tests.browser.test_alerts import RECORD, TURN_OFF, TURN_ON
from tests.browser.test_inbox import logs_in, moca, opens_notes, visit

__all__ = ["admin", "moca", "visit"]

NOTE = "Look, @ada, a refund"


@pytest.fixture
def agent(visit: Callable[..., Page], admin: Page, request: pytest.FixtureRequest) -> Page:
    """The agent's queue page, where nothing else is going on."""
    page = visit(getattr(request, "param", "desktop"), "/login")
    page.context.add_init_script(RECORD)
    page.context.add_init_script(SUBSCRIBE)
    page.context.grant_permissions(["notifications"])
    logs_in(page)
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.goto("/?list=mentions")
    expect(page.get_by_text("No new mentions.")).to_be_visible()
    # Only what comes after the first count is news.
    page.wait_for_function("() => window.badge === 0")
    return page


def notes(admin: Page) -> Locator:
    return admin.locator(".pane-contact .notes").last


def offered(admin: Page) -> Locator:
    return admin.get_by_role("listbox", name="Teammates").get_by_role("option", name="ada")


@pytest.mark.parametrize("agent", ["phone"], indirect=True)
def test_a_mention_is_typed_from_a_list_and_found_by_the_colleague(
    admin: Page, agent: Page
) -> None:
    admin.locator(".row").click()
    opens_notes(admin)
    field = admin.get_by_label("New note")
    field.press_sequentially("Look, @A")
    expect(offered(admin)).to_have_attribute("aria-selected", "true")
    assert findings(admin) == []
    field.press("Enter")
    expect(field).to_have_value("Look, @ada ")
    expect(admin.get_by_role("listbox", name="Teammates")).to_be_hidden()
    field.press_sequentially("me@ad")
    expect(admin.get_by_role("listbox", name="Teammates")).to_be_hidden()
    field.fill(NOTE)
    admin.get_by_role("button", name="Add note").click()
    expect(notes(admin).locator(".mention")).to_have_text("@ada")

    expect(agent).to_have_title("(1) Inbox · Moca")
    expect(agent.get_by_role("link", name="Mentions 1")).to_be_visible()
    agent.locator(".row", has_text="Zoe").click()
    expect(agent.locator("#thread h1")).to_have_text("Zoe")
    expect(agent).to_have_title("Zoe · Moca")
    opens_notes(agent)
    expect(notes(agent).locator(".mention[data-own]")).to_have_text("@ada")
    assert findings(agent) == []
    agent.goto("/?list=mentions")
    expect(agent.get_by_text("No new mentions.")).to_be_visible()


def test_a_click_chooses_and_escape_closes_the_list(admin: Page) -> None:
    admin.locator(".row").click()
    field = admin.get_by_label("New note")
    field.press_sequentially("@")
    offered(admin).click()
    expect(field).to_have_value("@ada ")
    expect(field).to_be_focused()
    field.press_sequentially("@")
    expect(offered(admin)).to_be_visible()
    field.press("Escape")
    expect(admin.get_by_role("listbox", name="Teammates")).to_be_hidden()
    field.press("Tab")
    expect(field).not_to_be_focused()
    expect(field).to_have_value("@ada @")


def test_a_mention_notifies_and_names_the_colleague(agent: Page, moca: Whole) -> None:
    agent.get_by_role("button", name=TURN_ON).click()
    expect(agent.get_by_role("button", name=TURN_OFF)).to_be_visible()
    agent.wait_for_function(
        "async () => (await navigator.serviceWorker.getRegistration('/static/'))?.active"
    )
    agent.evaluate("window.isFocused = false")
    moca.post("/api/conversations/1/notes", text=NOTE)

    agent.wait_for_function("() => window.shown.length")
    assert agent.evaluate("window.shown") == [
        ["Zoe", "API token mentioned you", "/conversations/1#notes"]
    ]
    expect(agent).to_have_title("(1) Inbox · Moca")
