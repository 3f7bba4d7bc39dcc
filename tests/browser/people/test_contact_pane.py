"""What colleagues and Instagram change of a contact is shown beside the open conversation."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people.test_presence import admin, agent
from tests.browser.service import Whole
from tests.browser.test_inbox import moca, opens_notes, visit

__all__ = ["admin", "agent", "moca", "visit"]


@pytest.mark.parametrize("agent", ["phone", "desktop"], indirect=True)
def test_a_colleagues_work_is_shown_and_what_is_being_written_stays(
    admin: Page, agent: Page, moca: Whole
) -> None:
    opens_notes(agent)
    pane = agent.locator("#contact")
    expect(pane.get_by_text("No notes yet.")).to_be_visible()
    pane.get_by_label("New note").fill("She has asked")
    moca.post("/api/labels", name="Refund", colour="red")
    admin.goto("/conversations/1")
    admin.get_by_role("button", name="Change labels").click()
    admin.locator("#labels").get_by_role("button", name="Refund").click()
    admin.locator("#assignee").select_option("ada")
    admin.get_by_label("New note").fill("Paid twice, @ada")
    admin.get_by_role("button", name="Add note").click()

    expect(pane.locator(".mention[data-own]")).to_have_text("@ada")
    expect(pane.locator(".labels")).to_have_text("Refund")
    expect(pane.locator("#assignee option:checked")).to_have_text("ada (you)")
    expect(pane.get_by_role("button", name="Assign to me")).to_have_count(0)
    expect(pane.get_by_label("New note")).to_have_value("She has asked")
    # It has been shown, so it is news no longer.
    expect(agent).to_have_title("Zoe · Moca")

    pane.get_by_role("button", name="Add note").click()
    expect(pane.locator(".notes .text")).to_have_text(["Paid twice, @ada", "She has asked"])
    pane.locator("#assignee").select_option("No one")
    expect(agent.locator(".conversation-head")).not_to_contain_text("Assigned to")
