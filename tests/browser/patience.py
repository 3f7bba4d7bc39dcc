from tests.process.service import eventually

PATIENCE_MS = 30_000
"""Generous, for busy machines: no test here asserts how long anything takes."""


def next_held(page, held):
    """Return the next request that a route has put into a queue, once the page has made it."""

    def is_made():
        page.evaluate("true")  # Playwright calls routes only while it waits for the page.
        return not held.empty()

    eventually(is_made)
    return held.get_nowait()
