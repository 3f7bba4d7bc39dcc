from typing import Annotated

from pydantic import AfterValidator, Field

from moca.instagram.sandbox.account_problems import AccountProblem
from moca.web.pages.sandbox_actions import SandboxDoes
from moca.web.schemas.requests import Name, RequestBody, TextToSend, storable_words


class SandboxBody(RequestBody):
    """What a contact of the sandbox writes."""

    psid: Name
    text: TextToSend
    name: Name | None = None
    account_id: Name | None = None
    """To which they write; the default one if it is left out."""


class SandboxActBody(RequestBody):
    """What else a contact of the sandbox does."""

    psid: Name
    does: SandboxDoes
    mid: Annotated[str, Field(max_length=512), AfterValidator(storable_words)] = ""
    """The message it is about."""
    text: Annotated[str, Field(max_length=1000), AfterValidator(storable_words)] = ""
    payload: Annotated[str, Field(max_length=1000), AfterValidator(storable_words)] = ""
    name: Name | None = None
    account_id: Name | None = None


class AccountProblemsBody(RequestBody):
    """The sandbox's simulated problems from now on."""

    troubles: list[AccountProblem]
