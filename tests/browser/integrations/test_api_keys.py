"""A program's key is shown once, copied, used, and revoked after a question."""

import requests
from playwright.sync_api import Page, expect

from tests.browser.axe import findings_in_both_schemes
from tests.browser.service import Whole
from tests.browser.test_operations import both_sizes, moca, page
from tests.browser.width import fits
from tests.process.service import eventually

__all__ = ["moca", "page"]


def status(moca: Whole, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    return requests.get(f"{moca.url}/api/stats", headers=headers, timeout=10).status_code


def add_key(page: Page, days: str = "365") -> str:
    page.get_by_role("link", name="Users").click()
    page.get_by_role("link", name="API keys").click()
    page.get_by_label("Name").fill("Mirror")
    page.get_by_label("Scope").select_option("read")
    page.get_by_label("Expires after days").fill(days)
    page.get_by_role("button", name="Add key").click()
    shown = page.get_by_role("status").filter(has_text="it is not shown again").locator("code")
    return shown.inner_text()


@both_sizes
def test_a_key_is_shown_once_and_copied(page: Page, moca: Whole) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    key = add_key(page)
    assert findings_in_both_schemes(page) == []
    assert fits(page)

    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == key
    assert status(moca, key) == 200

    # The answer does not wait for it, and the page is not live.
    eventually(lambda: moca.rows("SELECT 1 FROM api_key WHERE used_at IS NOT NULL"))
    page.goto("/keys")
    expect(page.locator(".user")).to_contain_text("Mirror")
    expect(page.locator(".user")).to_contain_text("last used")
    assert key not in page.content()


def test_a_key_that_expires_in_another_year_says_in_which(page: Page) -> None:
    add_key(page, days="800")
    year = page.locator(".user time").last.evaluate("each => each.dateTime.slice(0, 4)")
    expect(page.locator(".user")).to_contain_text(f"{year},")


@both_sizes
def test_a_key_is_revoked_after_a_question(page: Page, moca: Whole) -> None:
    key = add_key(page)
    page.get_by_role("link", name="Revoke Mirror").click()
    expect(page.get_by_role("heading", name="Revoke Mirror?")).to_be_visible()
    assert findings_in_both_schemes(page) == []
    page.get_by_role("link", name="Cancel").click()
    assert status(moca, key) == 200

    page.get_by_role("link", name="Revoke Mirror").click()
    page.get_by_role("button", name="Revoke key").click()
    expect(page.get_by_text("No API keys yet.")).to_be_visible()
    assert status(moca, key) == 401
