"""Pictures, videos and sounds come from Instagram; where an address has expired, a text says so."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.axe import findings_in_both_schemes
from tests.browser.service import Whole
from tests.browser.test_inbox import answered, moca, visit
from tests.browser.triage.test_avatars import IS_SHOWN, SVG

__all__ = ["moca", "visit"]

HOST = "https://scontent.cdninstagram.com"
EXPIRED = "(Instagram's address expires after some days)"


@pytest.fixture(params=["phone", "desktop"])
def page(visit: Callable[..., Page], moca: Whole, request: pytest.FixtureRequest) -> Page:
    """A page of the inbox; of Instagram's addresses only that of a picture still works."""
    page = visit(request.param)

    def arrives(route: Route) -> None:
        body = SVG if "lasting" in route.request.url else "URL signature expired"
        route.fulfill(body=body, content_type="image/svg+xml")

    page.context.route(f"{HOST}/**", arrives)
    answered(moca)
    return page


def sends(moca: Whole, **media: str) -> None:
    """Replace the first message by media of these kinds, at these addresses."""
    attachments = [{"type": kind, "url": f"{HOST}/{name}"} for kind, name in media.items()]
    content = json.dumps({"attachments": attachments})
    moca.rows(f"UPDATE message SET text = '', type = 'image', content = '{content}' WHERE id = 1")


def test_a_picture_is_shown_and_a_click_enlarges_it(page: Page, moca: Whole) -> None:
    sends(moca, image="lasting.svg")
    page.goto("/conversations/1")
    picture = page.get_by_role("img", name="Image")
    picture.evaluate("(image) => image.decode()")
    assert picture.evaluate(IS_SHOWN)
    with page.context.expect_page() as opened:
        picture.click()
    assert opened.value.url == f"{HOST}/lasting.svg"
    opened.value.close()


def test_what_has_expired_is_named_in_plain_text_and_stays_so(page: Page, moca: Whole) -> None:
    sends(moca, image="a.jpg", video="b.mp4", audio="c.mp3")
    page.goto("/conversations/1")

    def is_told() -> None:
        for name in ("Video", "Audio"):
            expect(page.get_by_text(f"{name} {EXPIRED}", exact=True)).to_be_visible()
        expect(page.locator("video, audio").locator("visible=true")).to_have_count(0)

    is_told()
    expect(page.get_by_role("img", name=f"Image {EXPIRED}")).to_be_visible()
    assert findings_in_both_schemes(page) == []
    moca.writes("Did you see it?")
    expect(page.locator("#bubbles")).to_contain_text("Did you see it?")
    is_told()
