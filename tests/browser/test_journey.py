"""A newcomer's start: open the printed link, write a message, watch the reply."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.patience import PATIENCE_MS, new_context
from tests.browser.width import fits
from tests.process.service import BRISK, ROOT, Service
from tests.support.values import captured

SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1280, "height": 860}}
PICTURE = ROOT / "docs" / "pictures" / "sandbox.png"
REPLY = "Yes, we do! Anything else I can help you with?"
FRIDA = json.dumps({"psid": "17840000000000042", "name": "Frida"})
SHOOTS = os.environ.get("MOCA_SHOOT") == "1"


@pytest.fixture
def moca(tmp_path: Path) -> Iterator[Service]:
    """A real process; at its own pace for screenshots, else at a brisk one."""
    pace = {} if SHOOTS else BRISK
    service = Service(tmp_path, {**pace, "replies.mock_text": REPLY, "web.api_token": ""})
    try:
        service.start()
        yield service
    finally:
        service.close()


@pytest.fixture
def visit(browser: Browser, moca: Service) -> Iterator[Callable[[dict[str, int]], Page]]:
    """Opens the printed link at a given size; its console must stay free of errors."""
    opened, faults = [], []

    def visited(size: dict[str, int]) -> Page:
        context = new_context(browser, viewport=size, locale="en-GB", color_scheme="light")
        opened.append(context)
        context.add_init_script(f"localStorage.setItem('moca.contact', '{FRIDA}')")
        page = context.new_page()
        page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(captured(r"open (http://\S+)", moca.said()))
        return page

    yield visited
    for context in opened:
        context.close()
    assert faults == []


@pytest.mark.parametrize("size", SIZES)
def test_a_newcomer_writes_a_message_and_sees_its_journey_to_the_end(
    visit: Callable[[dict[str, int]], Page], size: str
) -> None:
    page = visit(SIZES[size])
    assert "token" not in page.url
    page.get_by_role("link", name="Sandbox", exact=True).click()
    says(page, "Do you ship to Norway?")

    expect(page.locator('.said[data-sender="account"]')).to_contain_text(REPLY)
    every_stage_is_lit(page)
    expect(page.locator("#journey-end")).to_contain_text("answered")
    assert fits(page)

    page.get_by_role("link", name="View all steps").click()
    expect(page.get_by_role("heading", name="Do you ship to Norway?")).to_be_visible()
    expect(page.get_by_text("flushed")).to_be_visible()
    assert fits(page)


def test_the_picture_in_the_readme_shows_the_sandbox(
    visit: Callable[[dict[str, int]], Page],
) -> None:
    page = visit(SIZES["desktop"])
    page.get_by_role("link", name="Sandbox", exact=True).click()
    for count, text in enumerate(("Hi! Do you ship to Norway?", "And do you wrap presents?"), 1):
        says(page, text)
        replies = page.locator('.said[data-sender="account"]')
        expect(replies).to_have_count(count, timeout=2 * PATIENCE_MS)
    page.get_by_role("button", name="Hi! Do you ship to Norway?", exact=True).click()
    expect(page.locator("#journey-of")).to_contain_text("Norway")
    every_stage_is_lit(page)
    if SHOOTS:
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        PICTURE.write_bytes(page.screenshot(animations="disabled"))
    assert PICTURE.read_bytes()[16:24] == (1280).to_bytes(4) + (860).to_bytes(4)


def says(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_label("Message", exact=True).press("Enter")


def every_stage_is_lit(page: Page) -> None:
    stages = page.locator(".stage")
    expect(page.locator('.stage[data-state="passed"]')).to_have_count(stages.count())
