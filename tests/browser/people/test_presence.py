"""Agents see which colleagues have a conversation open, and who is writing."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import findings
from tests.browser.service import Whole
from tests.browser.test_inbox import adds_a_reader, answered, logs_in, moca, visit
from tests.process.service import eventually

__all__ = ["moca", "visit"]

# However long a busy machine takes between two refreshes.
KEEPS_TYPING = """() => {
  const field = document.querySelector("#text");
  const types = () => field.dispatchEvent(new Event("input", { bubbles: true }));
  window.typing = setInterval(types, 200);
}"""


@pytest.fixture
def admin(visit: Callable[..., Page], moca: Whole) -> Page:
    """An administrator's inbox with one conversation; there is an agent, ada."""
    answered(moca, name="Zoe")
    page = visit()
    adds_a_reader(page, role="answers")
    expect(page.locator(".user-name", has_text="ada")).to_be_visible()
    page.goto("/")
    return page


@pytest.fixture
def agent(visit: Callable[..., Page], admin: Page, request: pytest.FixtureRequest) -> Page:
    """The agent, with the conversation open."""
    page = visit(getattr(request, "param", "desktop"), "/login")
    logs_in(page)
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    page.goto("/conversations/1")
    return page


def presence(page: Page) -> Locator:
    return page.locator("#presence")


@pytest.mark.parametrize("agent", ["phone"], indirect=True)
def test_a_colleague_sees_who_looks_and_who_writes(admin: Page, agent: Page) -> None:
    mark = admin.locator("#conversation-1 .row-presence")
    expect(mark).to_have_text("ada is looking")
    admin.locator(".row").click()
    expect(presence(admin)).to_have_text("ada is looking")
    expect(presence(agent)).to_have_text("Administrator (link) is looking")
    assert findings(admin) == findings(agent) == []

    agent.get_by_label("Your reply").fill("At n")
    agent.evaluate(KEEPS_TYPING)
    expect(presence(admin)).to_have_text("ada is writing")
    expect(mark).to_have_text("ada is writing")
    expect(presence(agent)).to_have_text("Administrator (link) is looking")

    # Nothing more is typed, although the text is still there.
    agent.evaluate("clearInterval(window.typing)")
    expect(presence(admin)).to_have_text("ada is looking")
    agent.goto("/queue")
    expect(presence(admin)).to_have_text("")
    expect(mark).to_have_count(0)


def test_a_page_shows_it_without_script(
    admin: Page, agent: Page, visit: Callable[..., Page]
) -> None:
    expect(admin.locator("#conversation-1 .row-presence")).to_have_text("ada is looking")
    still = visit(java_script_enabled=False)

    def is_shown() -> bool:
        still.goto("/conversations/1")
        return presence(still).inner_text() == "ada is looking"

    eventually(is_shown)
