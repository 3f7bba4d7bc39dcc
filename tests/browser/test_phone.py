from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.service import Whole
from tests.browser.test_inbox import answered, moca, visit
from tests.support.values import present

__all__ = ["moca", "visit"]


@pytest.fixture
def page(visit: Callable[..., Page], moca: Whole) -> Page:
    answered(moca)
    return visit("phone")


@pytest.mark.parametrize("status", ["open", "human", "paused"])
def test_no_act_stands_alone_below_the_others(page: Page, moca: Whole, status: str) -> None:
    moca.rows(f"UPDATE conversation SET status = '{status}'")
    page.goto("/conversations/1")
    pause, close = (
        present(page.get_by_role("button", name=name, exact=True).bounding_box())
        for name in ("Pause", "Close")
    )
    assert (close["y"], close["height"]) == (pause["y"], pause["height"])


def test_the_time_that_is_left_stays_in_one_line(page: Page) -> None:
    page.goto("/conversations/1")
    left = page.locator(".window .countdown")
    expect(left).to_contain_text("left")
    assert present(left.text_content()).endswith(", 23\u00a0h\u00a059\u00a0min\u00a0left")
