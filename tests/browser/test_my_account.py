from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.axe import findings
from tests.browser.service import Whole
from tests.browser.test_inbox import PASSWORD, adds_a_reader, logs_in, moca, visit

__all__ = ["moca", "visit"]


def test_operators_change_their_own_password(visit: Callable[..., Page], moca: Whole) -> None:
    page = visit()
    adds_a_reader(page)
    here, elsewhere = visit("phone", "/login"), visit("desktop", "/login")
    for browser in (here, elsewhere):
        logs_in(browser)
        expect(browser.get_by_role("button", name="Log out")).to_be_visible()
    # The inbox polls by itself, and would be refused.
    elsewhere.goto("/me")

    here.get_by_role("link", name="Signed in as ada (Viewer)").click()
    here.get_by_label("Current password").fill(PASSWORD)
    here.get_by_label("New password").fill("a longer way to say it")
    here.get_by_role("button", name="Change password").click()
    expect(here.get_by_role("status")).to_contain_text("Password changed.")
    assert findings(here) == []

    assert elsewhere.request.get("/").status == 401
    assert here.request.get("/").status == 200
    here.get_by_role("button", name="Log out").click()
    logs_in(here, "a longer way to say it")
    expect(here.get_by_role("button", name="Log out")).to_be_visible()
    page.reload()
    entry = page.locator(".entry", has_text="changed their password")
    expect(entry).to_contain_text("ada")
