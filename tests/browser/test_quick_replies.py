from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import findings
from tests.browser.service import Whole
from tests.browser.test_inbox import answered, moca, visit

__all__ = ["moca", "visit"]


@pytest.mark.parametrize("size", ["phone", "desktop"])
def test_an_operator_offers_quick_replies_and_the_contact_taps_one(
    visit: Callable[..., Page], moca: Whole, size: str
) -> None:
    answered(moca)
    page = visit(size)
    page.get_by_role("link", name="Ada").click()
    page.get_by_label("Your reply").fill("Which one?")
    page.get_by_text("Options").click()
    page.get_by_label("One per line").fill("Red\nBlue")
    assert findings(page) == []
    page.get_by_role("button", name="Send").click()

    mine = page.locator('.bubble[data-author="operator"]')
    expect(mine.locator(".taps span")).to_have_text(["Red", "Blue"])
    expect(mine.locator(".chip")).to_have_text("Sent")

    phone = visit("phone")
    phone.goto("/sandbox")
    phone.get_by_label("Sending as").select_option("700")
    phone.get_by_role("button", name="Blue").click()
    tapped = page.locator(".bubble", has_text="Tapped a quick reply")
    expect(tapped).to_contain_text("Blue")
