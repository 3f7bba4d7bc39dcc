from flask import Response
from flask_openapi3.blueprint import APIBlueprint

from moca.core.types import OperatorRole
from moca.web.api.routes import answer, guarded_routes
from moca.web.auth.guards import Guards
from moca.web.auth.my_account import OwnPassword
from moca.web.schemas.requests import PasswordBody
from moca.web.schemas.responses import ProblemShape, ResponseModel


class CurrentUserShape(ResponseModel):
    """The current user, and what they may do."""

    name: str
    right: OperatorRole


def own_routes(own: OwnPassword, access: Guards) -> APIBlueprint:
    """Return the routes for operators' own accounts, whatever their role."""
    routes = guarded_routes("own", access.guard_own_api)

    @routes.post(
        "/me/password",
        summary="Change your password and log out your other browsers",
        responses={200: CurrentUserShape, 409: ProblemShape, 429: ProblemShape},
    )
    def change(body: PasswordBody) -> Response:
        own.change(body.old, body.new)
        operator = own.owner()
        return answer(CurrentUserShape(name=operator.name, right=operator.role))

    return routes
