from typing import get_args

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, TypeAdapter, ValidationError

from moca.core.types import ContactKey
from moca.instagram.sandbox.account_problems import AccountProblem
from moca.instagram.sandbox.actions import Does, SandboxAction, perform
from moca.instagram.sandbox.instagram import SandboxInstagram


class _Write(BaseModel):
    psid: str
    text: str
    name: str | None = None
    account_id: str | None = None


def control_blueprint(instagram: SandboxInstagram) -> Blueprint:
    """Return the routes through which a test or benchmark in another process acts as contacts."""
    control = Blueprint("sandbox_control", __name__, url_prefix="/sandbox")

    @control.post("/write")
    def write() -> tuple[Response, int]:
        try:
            wanted = _Write.model_validate(request.get_json(silent=True))
        except ValidationError:
            return jsonify(error="psid and text are required"), 400
        mid = instagram.write(wanted.psid, wanted.text, wanted.name, wanted.account_id)
        return jsonify(mid=mid), 200

    @control.post("/act")
    def act() -> tuple[Response, int]:
        try:
            wanted = SandboxAction.model_validate(request.get_json(silent=True))
        except ValidationError:
            return jsonify(error=f"psid is required, and does: {', '.join(get_args(Does))}"), 400
        return jsonify(mid=perform(instagram, wanted)), 200

    @control.put("/troubles")
    def trouble() -> tuple[Response, int]:
        try:
            wanted = TypeAdapter(list[AccountProblem]).validate_python(
                request.get_json(silent=True)
            )
        except ValidationError:
            return jsonify(error=f"a list of {', '.join(AccountProblem)} is required"), 400
        instagram.troubles.become(wanted)
        return jsonify(troubles=wanted), 200

    @control.post("/comment")
    def comment() -> tuple[Response, int]:
        try:
            wanted = _Write.model_validate(request.get_json(silent=True))
        except ValidationError:
            return jsonify(error="psid and text are required"), 400
        comment_id = instagram.comment(wanted.psid, wanted.text, wanted.account_id)
        return jsonify(comment_id=comment_id), 200

    @control.get("/threads")
    def threads() -> Response:
        return jsonify(threads=[_shown(instagram, each) for each in instagram.contacts()])

    return control


def _shown(instagram: SandboxInstagram, contact: ContactKey) -> dict[str, object]:
    return {
        "account_id": contact.account_id,
        "psid": contact.psid,
        "messages": [
            {
                "mid": each.mid,
                "sender": each.sender,
                "text": each.text,
                "at": each.at.isoformat(),
                **each.more,
            }
            for each in instagram.thread(contact.psid, contact.account_id)
        ],
    }
