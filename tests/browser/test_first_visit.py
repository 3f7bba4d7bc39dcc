import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from moca.core.types import ContactKey
from tests.browser.backend import ACCOUNT, REPLY, BrowserBackend
from tests.browser.conftest import TOKEN
from tests.browser.patience import new_context
from tests.browser.width import fits

SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 860}}


@pytest.fixture(params=SIZES)
def page(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Page]:
    """A page at one of the sizes that opened the printed link; its console must have no errors."""
    context = new_context(browser, viewport=SIZES[request.param], base_url=address)
    page, faults = context.new_page(), []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"/?token={TOKEN}")
    yield page
    assert fits(page)
    context.close()
    assert faults == []


def test_the_first_page_leads_to_a_journey(page: Page, backend: BrowserBackend) -> None:
    mid = backend.sandbox.write("700", "When are you open?", "Ada")
    backend.sandbox.receive(ContactKey(ACCOUNT, "700"), REPLY)
    backend.answer(mid)

    page.reload()
    page.locator(".row").click()
    question = page.locator(".bubble", has_text="When are you open?")
    question.get_by_role("link", name=re.compile("^Details")).click()

    expect(page.get_by_role("heading", name="When are you open?")).to_be_visible()
    expect(page.locator('.stage[data-state="passed"]')).to_have_count(8)
    assert page.url.endswith(f"/messages/{quote(mid)}")


def test_the_sandbox_shows_a_messages_journey_and_its_reply(
    page: Page, backend: BrowserBackend
) -> None:
    page.goto("/sandbox")
    page.get_by_label("Message", exact=True).fill("Hello there")
    page.get_by_label("Message", exact=True).press("Enter")

    expect(page.locator('.said[data-sender="contact"]')).to_contain_text("Hello there")
    expect(page.locator('[data-key="deduplication"]')).to_have_attribute("data-state", "passed")

    psid = page.locator("#contacts").input_value()
    backend.sandbox.receive(ContactKey(ACCOUNT, psid), REPLY)
    backend.answer(backend.sandbox.thread(psid)[0].mid)

    expect(page.locator('.said[data-sender="account"]')).to_contain_text(REPLY)
    expect(page.locator('[data-key="delivery"]')).to_have_attribute("data-state", "passed")
    page.get_by_role("link", name="View all steps").click()
    expect(page.get_by_role("heading", name="Hello there")).to_be_visible()


def test_an_opener_begins_the_first_conversation_and_somebody_new_begins_another(
    page: Page,
) -> None:
    page.goto("/sandbox")
    page.get_by_role("button", name="When are you open?").click()
    expect(page.locator(".said")).to_have_count(1)
    before = page.locator("#contacts").input_value()

    page.get_by_role("button", name="New contact").click()

    expect(page.locator(".said")).to_have_count(0)
    expect(page.locator("#contacts")).not_to_have_value(before)
    page.locator("#contacts").select_option(before)
    expect(page.locator(".said")).to_have_count(1)
