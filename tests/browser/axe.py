"""Checks a page against the rules of axe-core."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def findings(page: Page) -> list[tuple[Any, ...]]:
    """Return everything that axe-core finds: the rule, and where."""
    found = Axe().run(page).response["violations"]
    return [(each["id"], [node["target"] for node in each["nodes"]]) for each in found]


def findings_in_both_schemes(page: Page) -> list[tuple[Any, ...]]:
    """Return the same of the light and of the dark scheme."""
    found: list[tuple[Any, ...]] = []
    page.emulate_media(reduced_motion="reduce")  # A colour that is changing has no contrast yet.
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [(scheme, *each) for each in findings(page)]
    return found
