from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import findings
from tests.browser.service import Whole
from tests.browser.test_inbox import adds_a_reader, moca, visit

__all__ = ["moca", "visit"]


@pytest.mark.parametrize(
    ("size", "has_script"), [("phone", True), ("desktop", True), ("desktop", False)]
)
def test_a_user_is_removed_only_once_that_is_confirmed(
    visit: Callable[..., Page], moca: Whole, size: str, has_script: bool
) -> None:
    page = visit(size, java_script_enabled=has_script)
    adds_a_reader(page)
    users = "SELECT name FROM operator"

    page.get_by_role("link", name="Remove ada").click()
    expect(page.get_by_role("heading", name="Remove ada?")).to_be_visible()
    expect(page.locator("main")).to_contain_text("logged out everywhere")
    if has_script:
        assert findings(page) == []
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator(".user-name", has_text="ada")).to_be_visible()
    assert moca.rows(users) == [("ada",)]

    page.get_by_role("link", name="Remove ada").click()
    page.get_by_role("button", name="Remove user").click()
    expect(page.get_by_text("No users yet.")).to_be_visible()
    assert moca.rows(users) == []
