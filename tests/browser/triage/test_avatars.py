"""Contacts' pictures in the list come from Instagram; where one fails, initials are seen."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.axe import findings
from tests.browser.service import Whole
from tests.browser.test_inbox import answered, moca, visit

__all__ = ["moca", "visit"]

HOSTS = "https://*.cdninstagram.com/**"
PICTURES = """UPDATE contact SET name = name || ' Lund',
    picture_url = 'https://scontent.cdninstagram.com/' || name || '.svg'"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9v9z"/></svg>'
IS_SHOWN = "(image) => image.complete && image.naturalWidth > 0"


def arrives(route: Route) -> None:
    """Serve Ada's picture; that of others has expired."""
    body = SVG if "Ada" in route.request.url else "URL signature expired"
    route.fulfill(body=body, content_type="image/svg+xml")


@pytest.mark.parametrize(("size", "scheme"), [("phone", "dark"), ("desktop", "light")])
def test_a_picture_that_fails_leaves_the_initials(
    visit: Callable[..., Page], moca: Whole, size: str, scheme: str
) -> None:
    answered(moca, psid="700", name="Ada")
    answered(moca, psid="701", name="Ben")
    page = visit(size, color_scheme=scheme)
    # Once their profiles have been read, nothing changes the addresses.
    expect(page.locator(".row").filter(has_text="Ada")).to_be_visible()
    expect(page.locator(".row").filter(has_text="Ben")).to_be_visible()
    page.context.route(HOSTS, arrives)
    moca.rows(PICTURES)
    page.goto("/")

    hers, his = (page.locator(".row").filter(has_text=f"{name} Lund") for name in ("Ada", "Ben"))
    hers.locator(".avatar img").evaluate("(image) => image.decode()")
    assert hers.locator(".avatar img").evaluate(IS_SHOWN)
    assert not his.locator(".avatar img").evaluate(IS_SHOWN)
    failed = his.locator(".avatar").screenshot()
    his.locator(".avatar img").evaluate("(image) => image.remove()")
    assert his.locator(".avatar").screenshot() == failed
    expect(his.locator(".avatar")).to_have_text("BL")
    assert findings(page) == []
