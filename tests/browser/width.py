def fits(page) -> bool:
    """Return whether nothing overflows a page's width, once its styles are loaded."""
    page.wait_for_load_state()
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")
