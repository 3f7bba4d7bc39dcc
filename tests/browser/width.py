from playwright.sync_api import Page


def fits(page: Page) -> bool:
    """Return whether nothing overflows a page's width, once its styles are loaded."""
    page.wait_for_load_state()
    found: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return found
