"""The rules of axe-core, held against a page."""

from axe_playwright_python.sync_playwright import Axe

_SERIOUS = {"serious", "critical"}


def serious_findings(page):
    """Tell what axe-core finds serious or critical: the rule, and where."""
    found = Axe().run(page).response["violations"]
    return [
        (each["id"], [node["target"] for node in each["nodes"]])
        for each in found
        if each["impact"] in _SERIOUS
    ]
