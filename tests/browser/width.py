def fits(page) -> bool:
    """Tell whether nothing reaches beyond a page's edge, once its styles are there."""
    page.wait_for_load_state()
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")
