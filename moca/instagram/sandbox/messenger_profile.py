from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.responses import SandboxResponse, fine, refused

_Payload = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class _Question(BaseModel):
    question: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    payload: _Payload


class _Questions(BaseModel):
    locale: Literal["default"] = "default"
    call_to_actions: list[_Question] = Field(min_length=1, max_length=4)


class _Entry(BaseModel):
    type: Literal["web_url", "postback"]
    title: Annotated[str, StringConstraints(min_length=1, max_length=30)]
    url: str | None = None
    payload: str | None = None


class _Menu(BaseModel):
    model_config = ConfigDict(extra="forbid")

    locale: Literal["default"]
    call_to_actions: list[_Entry] = Field(min_length=1, max_length=5)


class _Wanted(BaseModel):
    platform: Literal["instagram"]
    ice_breakers: list[_Questions] = []
    persistent_menu: list[_Menu] = []


class _Unwanted(BaseModel):
    fields: list[Literal["ice_breakers", "persistent_menu"]] = Field(min_length=1)


def take(
    instagram: SandboxInstagram, account_id: str, method: str, document: object
) -> SandboxResponse:
    """Answer a request to `/messenger_profile`: read, change or clear an account's profile."""
    profile: dict[str, object] = instagram.profiles.setdefault(account_id, {})
    try:
        if method == "POST":
            wanted = _Wanted.model_validate(document)
            profile.update(wanted.model_dump(exclude_defaults=True, exclude={"platform"}))
            return fine(result="success")
        if method == "DELETE":
            for each in _Unwanted.model_validate(document).fields:
                profile.pop(each, None)
            return fine(result="success")
    except ValidationError:
        return refused(100, "Invalid parameter in the profile", 2534015)
    return fine(data=[profile] if profile else [])
