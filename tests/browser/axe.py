"""Checks a page against the rules of axe-core."""

from axe_playwright_python.sync_playwright import Axe


def findings(page):
    """Return everything that axe-core finds: the rule, and where."""
    found = Axe().run(page).response["violations"]
    return [(each["id"], [node["target"] for node in each["nodes"]]) for each in found]
