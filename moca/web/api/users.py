from collections.abc import Sequence

from flask import Response
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.types import ResponseDict

from moca import clock
from moca.core.messages.operators import (
    AddOperator,
    ChangeOperator,
    LimitOperator,
    RemoveOperator,
)
from moca.core.types import RESERVED_NAMES, OperatorRole, is_reserved
from moca.storage.queries.operators import OperatorRecord, list_operators, read_operator
from moca.web.api.routes import answer, api_routes
from moca.web.auth.guards import Guards
from moca.web.auth.passwords import hash_password
from moca.web.auth.weak_passwords import fault_in_password
from moca.web.commands import carry_out
from moca.web.config import WebConfig, WebPorts
from moca.web.errors import Problem
from moca.web.forms import row_id_of
from moca.web.schemas.responses import ProblemShape
from moca.web.schemas.users import (
    UserBody,
    UserPatch,
    UserPath,
    UserRemovedShape,
    UserShape,
    UsersShape,
)

_CHANGED: ResponseDict = {200: UserShape, 404: ProblemShape}


def new_user(
    name: str, role: OperatorRole, password: str, account_ids: Sequence[str]
) -> AddOperator:
    """Return the command that adds a user.

    Raises:
        Problem: 422 if the name is reserved, or the password is too easy to guess.
    """
    if is_reserved(name):
        raise Problem(422, f"name: {', '.join(sorted(RESERVED_NAMES))} are reserved names")
    hashed = hashed_password(password, name)
    return AddOperator(name, role, hashed, clock.now(), tuple(sorted(set(account_ids))))


def hashed_password(password: str, name: str) -> str:
    """Return the hash of a user's new password.

    Raises:
        Problem: 422 if it is too easy to guess.
    """
    fault = fault_in_password(password, name)
    if fault is not None:
        raise Problem(422, f"password: {fault}")
    return hash_password(password)


def find_user(ports: WebPorts, number: str) -> OperatorRecord:
    """Return a user by the id in the path.

    Raises:
        Problem: 404 if there is no such user.
    """
    with ports.database.connection_context():
        operator = read_operator(row_id_of(number))
    if operator is None:
        raise Problem(404, "No user with this number.")
    return operator


def user_api_routes(ports: WebPorts, config: WebConfig, access: Guards) -> APIBlueprint:
    """Return the routes for users, with the rules of their page."""
    routes = api_routes("users_api", access)
    routes.before_request(access.require_administrator)
    routes.before_request(access.require_all_accounts)

    @routes.get("/users", summary="List users", responses={200: UsersShape})
    def users() -> Response:
        with ports.database.connection_context():
            found = list_operators()
        return answer(UsersShape.model_validate({"items": found}))

    @routes.post("/users", summary="Add a user", responses={201: UserShape, 409: ProblemShape})
    def add(body: UserBody) -> Response:
        command = new_user(body.name, body.role.role, body.password, body.accounts)
        added = carry_out(command, ports, config)
        return answer(UserShape.model_validate(find_user(ports, str(added.id))), 201)

    @routes.get("/users/<user_id>", summary="Retrieve a user", responses=_CHANGED)
    def user(path: UserPath) -> Response:
        return answer(UserShape.model_validate(find_user(ports, path.user_id)))

    @routes.patch(
        "/users/<user_id>", summary="Change a user's role, password or accounts", responses=_CHANGED
    )
    def change(path: UserPath, body: UserPatch) -> Response:
        carry_out(_change(find_user(ports, path.user_id), body), ports, config)
        return answer(UserShape.model_validate(find_user(ports, path.user_id)))

    @routes.delete(
        "/users/<user_id>",
        summary="Remove a user; what they wrote is kept",
        responses={200: UserRemovedShape, 404: ProblemShape},
    )
    def remove(path: UserPath) -> Response:
        operator = find_user(ports, path.user_id)
        carry_out(RemoveOperator(operator.id, name=operator.name), ports, config)
        return answer(UserRemovedShape.model_validate({"id": operator.id, "removed": True}))

    return routes


def _change(operator: OperatorRecord, body: UserPatch) -> ChangeOperator | LimitOperator:
    if body.accounts is not None:
        chosen = tuple(sorted(set(body.accounts)))
        return LimitOperator(operator.id, chosen, operator.name)
    role = None if body.role is None else body.role.role
    hashed = None if body.password is None else hashed_password(body.password, operator.name)
    return ChangeOperator(operator.id, role, hashed, operator.name)
