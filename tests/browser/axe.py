"""Checks a page against the rules of axe-core."""

from axe_playwright_python.sync_playwright import Axe

_SERIOUS = {"serious", "critical"}


def serious_findings(page):
    """Return what axe-core finds serious or critical: the rule, and where."""
    return [(rule, where) for rule, where, impact in _found(page) if impact in _SERIOUS]


def findings(page):
    """Return everything that axe-core finds: the rule, and where."""
    return [(rule, where) for rule, where, _ in _found(page)]


def _found(page):
    found = Axe().run(page).response["violations"]
    return [
        (each["id"], [node["target"] for node in each["nodes"]], each["impact"]) for each in found
    ]
