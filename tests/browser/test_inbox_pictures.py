"""The screenshots of the inbox in the README, remade on request with MOCA_SHOOT=1."""

import os
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.service import Whole
from tests.browser.test_inbox import answered, moca, visit
from tests.process.service import ROOT

__all__ = ["moca", "visit"]

PICTURES = ROOT / "docs" / "pictures"
SHOOTS = os.environ.get("MOCA_SHOOT") == "1"
_PEOPLE = (
    ("704", "Hanna Virtanen", "I want to send it back"),
    ("703", "Elif Y\u0131lmaz", "Do you wrap presents?"),
    ("702", "Chiara Rossi", "Is the green one still there?"),
    ("701", "Ben Okafor", "Where is my order 4711?"),
    ("700", "Frida Lund", "Hi! Do you ship to Norway?"),
)


def test_the_pictures_in_the_readme(visit: Callable[..., Page], moca: Whole) -> None:
    for psid, name, text in _PEOPLE:
        answered(moca, text, psid=psid, name=name)
        # Instagram allows two names per second to be read; the screenshot does not wait for them.
        moca.rows(f"UPDATE contact SET name = '{name}' WHERE psid = '{psid}'")
    moca.post("/api/conversations/1/pause", minutes=60)
    page = visit()
    page.get_by_role("link", name="Frida Lund").click()
    page.get_by_role("button", name="Take over").click()
    page.get_by_label("Your reply").fill("We do: four days, 9 \u20ac. Shall I put one aside?")
    page.get_by_role("button", name="Send").click()
    expect(page.locator('.bubble[data-author="operator"] .chip')).to_have_text("Sent")
    mid = moca.writes("Yes please! And one in blue", psid="700", name="Frida Lund")
    expect(page.locator("#bubbles")).to_contain_text("And one in blue")
    shoot(page, "conversation")
    page.goto("/")
    expect(page.locator(".row")).to_have_count(5)
    shoot(page, "inbox")
    page.goto(f"/messages/{mid}")
    expect(page.get_by_text("if you had handed the conversation back")).to_be_visible()
    shoot(page, "journey")


def shoot(page: Page, name: str) -> None:
    picture = PICTURES / f"{name}.png"
    if SHOOTS:
        picture.write_bytes(page.screenshot(animations="disabled"))
    assert picture.read_bytes()[16:24] == (1280).to_bytes(4) + (860).to_bytes(4)
