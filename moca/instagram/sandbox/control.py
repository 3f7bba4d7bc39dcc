from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ValidationError

from moca.core.contact import ContactKey
from moca.instagram.sandbox.instagram import SandboxInstagram


class _Write(BaseModel):
    psid: str
    text: str
    name: str | None = None
    account_id: str | None = None


def control_blueprint(instagram: SandboxInstagram) -> Blueprint:
    """Make the routes by which a test or benchmark in another process plays the people."""
    control = Blueprint("sandbox_control", __name__, url_prefix="/sandbox")

    @control.post("/write")
    def write() -> tuple[Response, int]:
        try:
            wanted = _Write.model_validate(request.get_json(silent=True))
        except ValidationError:
            return jsonify(error="psid and text are required"), 400
        mid = instagram.write(wanted.psid, wanted.text, wanted.name, wanted.account_id)
        return jsonify(mid=mid), 200

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
            }
            for each in instagram.thread(contact.psid, contact.account_id)
        ],
    }
