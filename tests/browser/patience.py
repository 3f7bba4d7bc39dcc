from queue import Queue
from typing import Any, TypeVar

from playwright.sync_api import Browser, BrowserContext, Page

from tests.process.service import eventually

Held = TypeVar("Held")

PATIENCE_MS = 30_000
"""Generous, for busy machines: no test here asserts how long anything takes."""
_OFTEN = """
for (const name of ["setTimeout", "setInterval"]) {
  const start = window[name].bind(window);
  window[name] = (act, ms, ...values) => start(act, ms > 500 ? ms / 10 : ms, ...values);
}
"""
"""Pages ask ten times as often for what is new, that is every 0.2 seconds."""


def next_held(page: Page, held: Queue[Held]) -> Held:
    """Return the next request that a route has put into a queue, once the page has made it."""

    def is_made() -> bool:
        page.evaluate("true")  # Playwright calls routes only while it waits for the page.
        return not held.empty()

    eventually(is_made)
    return held.get_nowait()


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """Open a context of the browser in which nothing has been stored yet."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(_OFTEN)
    return context
