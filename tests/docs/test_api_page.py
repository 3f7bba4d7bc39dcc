"""The page about the HTTP API is what the OpenAPI document says."""

from pathlib import Path

import pytest

from moca.web.reference import PAGE, api_page, open_api_document
from moca.web.schemas import (
    accounts,
    api_keys,
    bots,
    labels,
    notes,
    push,
    requests,
    saved_replies,
    subscribers,
    users,
)
from moca.web.schemas.description import EXAMPLES
from moca.web.schemas.requests import RequestBody

ROOT = Path(__file__).parents[2]
MODELS = {
    name: model
    for module in (
        accounts,
        api_keys,
        bots,
        labels,
        notes,
        push,
        requests,
        saved_replies,
        subscribers,
        users,
    )
    for name, model in vars(module).items()
    if isinstance(model, type) and issubclass(model, RequestBody)
}


@pytest.fixture
def page() -> str:
    return (ROOT / PAGE).read_text(encoding="utf-8")


def test_the_page_is_up_to_date(page: str) -> None:
    assert page == api_page(page, open_api_document()), "run `just api`"


def test_every_request_has_its_section(page: str) -> None:
    for path, operations in open_api_document()["paths"].items():
        for method, operation in operations.items():
            head = f"### `{method.upper()} {path}`\n\n{operation['summary']}."
            assert head in page


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_a_valid_body(name: str) -> None:
    MODELS[name].model_validate(EXAMPLES[name])
