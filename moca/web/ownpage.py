from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from moca.web.access import Access
from moca.web.ownpassword import OwnPassword
from moca.web.passwords import LONGEST, SHORTEST
from moca.web.problems import Problem


def own_pages(own: OwnPassword, access: Access) -> Blueprint:
    """Build what operators see of themselves, and where they change their password."""
    routes = Blueprint("own_pages", __name__)
    routes.before_request(access.guard_own_page)

    @routes.get("/me")
    def me() -> Response:
        return _page(own)

    @routes.post("/me/password")
    def change() -> Response:
        try:
            own.change(request.form.get("old", ""), request.form.get("new", ""))
        except Problem as problem:
            return _page(own, problem.status, problem.message)
        return redirect("/me?changed=1", 303)

    return routes


def _page(own: OwnPassword, status: int = 200, problem: str = "") -> Response:
    html = render_template(
        "own.html",
        at="me",
        operator=own.owner(),
        problem=problem,
        is_changed=not problem and "changed" in request.args,
        shortest=SHORTEST,
        longest=LONGEST,
    )
    return Response(html, status, mimetype="text/html")
