from datetime import UTC, datetime

import pytest

from moca.core.contact import ContactKey
from moca.core.snapshot import Inbound
from moca.replies.generator import ReplyRequest
from moca.replies.mock import MockGenerator
from moca.replies.registry import UnknownGenerator, generator_names, make_generator

REQUEST = ReplyRequest(
    contact=ContactKey("1", "2"),
    inputs=(Inbound(id=1, mid="m", text="secret", received_at=datetime(2026, 1, 1, tzinfo=UTC)),),
)


def test_the_mock_says_what_it_is():
    assert make_generator("mock").reply(REQUEST) == "This would be an AI generated message"


def test_the_mock_says_what_the_settings_say():
    assert make_generator("mock", "Hello") == MockGenerator("Hello")
    assert make_generator("mock", "Hello").reply(REQUEST) == "Hello"


def test_an_unknown_generator_is_refused_with_the_names_known():
    with pytest.raises(UnknownGenerator, match="'mok'; there is: mock"):
        make_generator("mok")
    assert generator_names() == ("mock",)


def test_a_request_shows_no_text():
    assert "secret" not in repr(REQUEST)
