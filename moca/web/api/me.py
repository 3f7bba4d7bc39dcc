from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca.web.api.routes import answer, guarded_routes
from moca.web.auth.guards import Access
from moca.web.auth.my_account import OwnPassword
from moca.web.schemas.requests import PasswordBody
from moca.web.schemas.responses import ProblemShape, VisitorShape


def own_routes(own: OwnPassword, access: Access) -> APIBlueprint:
    """Build what operators may do to themselves, whatever their right."""
    routes = guarded_routes("own", access.guard_own_api)

    @routes.post(
        "/me/password",
        summary="Change one's own password; other browsers must log in again",
        responses={200: VisitorShape, 409: ProblemShape, 429: ProblemShape},
    )
    def change(body: PasswordBody) -> Response:
        own.change(body.old, body.new)
        operator = own.owner()
        return answer(VisitorShape(name=operator.name, right=operator.right))

    return routes
