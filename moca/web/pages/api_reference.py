from collections.abc import Callable
from functools import cache
from itertools import pairwise

from flask import Blueprint, render_template
from markupsafe import Markup

from moca.web.auth.guards import Guards
from moca.web.presenters.api_reference import Json, reference_lines


def api_reference_page(document: Callable[[], Json], access: Guards) -> Blueprint:
    """Return the page that shows the OpenAPI document to people, whatever their role."""
    routes = Blueprint("api_reference", __name__)
    routes.before_request(access.guard_page)

    @cache
    def rendered() -> tuple[Markup, tuple[str, ...]]:
        lines = list(reference_lines(document()))
        subjects = tuple(line.removeprefix("## ") for line in lines if line.startswith("## "))
        return _as_html("\n".join(lines)), subjects

    @routes.get("/docs")
    def page() -> str:
        reference, subjects = rendered()
        return render_template("api_reference.html", reference=reference, subjects=subjects)

    return routes


def _as_html(markdown: str) -> Markup:
    """Return the HTML of Markdown, in which HTML has no meaning; headings can be linked to."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only this page needs it

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(markdown)
    for opening, title in pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", title.content.strip("`").lower().replace(" ", "-"))
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704 - escaped by it
