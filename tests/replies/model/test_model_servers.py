from contextlib import suppress
from typing import Any

import pytest

from moca.core.content.content import Content
from moca.core.types import Role
from moca.replies.generator import GeneratedReply, GenerationError, HandOver
from tests.replies.model.model_server import KEY, ModelServer, chat, message
from tests.replies.model.protocols import ANTHROPIC, BY_MODEL, OPENAI, SECRET, Protocol, fault
from tests.replies.requests import asked, said
from tests.support.values import of_kind


def test_the_model_answers(server: ModelServer, protocol: Protocol) -> None:
    server.will(protocol.answer(" Hello there. "))
    reply = protocol.generator(server.url).reply(asked("hi"))
    assert reply == GeneratedReply(Content(text="Hello there."), "model: small-1", made_by=BY_MODEL)


def test_openai_is_asked_with_system_prompt_history_and_limit(server: ModelServer) -> None:
    server.will(chat("x"))
    history = [said(Role.USER, "Hi", 3), said(Role.ASSISTANT, "Hello", 2)]
    generator = OPENAI.generator(server.url, prompt="You speak with {name}.", max_bytes=500)
    generator.reply(asked("Prices?", name="Anna", history=history))
    ((path, body),) = server.asked
    tools = body.pop("tools")
    assert (path, body) == (
        "/v1/chat/completions",
        {
            "model": "small-1",
            "max_tokens": 400,
            "messages": [
                {
                    "role": "system",
                    "content": (
                        "You speak with the contact.\n"
                        "Answer with one message of at most 500 bytes of UTF-8, "
                        "without Markdown.\n"
                        "If a person should take over, call the tool hand_over "
                        "and say so in your text."
                    ),
                },
                {
                    "role": "user",
                    "content": '[The contact\'s profile is named "Anna"]\nHi',
                },
                {"role": "assistant", "content": "Hello"},
                {"role": "user", "content": "Prices?"},
            ],
        },
    )
    assert [tool["function"]["name"] for tool in tools] == ["hand_over"]
    assert server.keys == [f"Bearer {KEY}"]


def test_anthropic_is_asked_the_same_in_its_own_way(server: ModelServer) -> None:
    server.will(message("x"))
    generator = ANTHROPIC.generator(server.url, prompt="Be kind.", may_hand_over=False)
    generator.reply(asked("Prices?"))
    assert server.asked == [
        (
            "/v1/messages",
            {
                "model": "small-1",
                "max_tokens": 400,
                "system": (
                    "Be kind.\n"
                    "Answer with one message of at most 1000 bytes of UTF-8, without Markdown."
                ),
                "messages": [{"role": "user", "content": "Prices?"}],
            },
        )
    ]
    assert server.keys == [f"Bearer {KEY}"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"reason": "complaint"}, "complaint"),
        ({"reason": SECRET}, "other"),
        ({}, "other"),
        ({"reason": ["complaint"]}, "other"),
    ],
)
def test_the_model_may_ask_for_a_person_in_words_that_quote_nobody(
    server: ModelServer, protocol: Protocol, given: dict[str, Any], told: str
) -> None:
    import json

    reason = json.dumps(given) if protocol is OPENAI else given
    server.will(protocol.answer("One moment.", reason=reason))
    assert protocol.generator(server.url).reply(asked(SECRET)) == HandOver(
        f"model: the model asks for a person: {told}", Content(text="One moment."), made_by=BY_MODEL
    )


@pytest.mark.parametrize("given", ["not json", "5", "null", ""])
def test_where_it_asks_without_words_the_settings_have_them(
    server: ModelServer, given: str
) -> None:
    server.will(chat(None, reason=given))
    reply = OPENAI.generator(server.url).reply(asked("hi"))
    assert reply == HandOver("model: the model asks for a person: other", made_by=BY_MODEL)


HTML, JSON = "text/html", "application/json"
NO_ANSWERS = [
    (b"<html>hello</html>", HTML),
    (b"{", JSON),
    (b"", JSON),
    (b"null", JSON),
    (b"[]", JSON),
    (b'"hello"', JSON),
    (b"{}", JSON),
    (b'{"choices": [], "content": null}', JSON),
    (b'{"choices": {}, "content": {}}', JSON),
    (b'{"choices": [5], "content": [5]}', JSON),
    (b'{"choices": [{}], "content": [{}]}', JSON),
    (b'{"choices": [{"message": null}], "content": "hi"}', JSON),
    (b'{"choices": [{"message": {"content": 5}}], "content": [{"type": 5}]}', JSON),
    (b'{"choices": [{"message": {"tool_calls": [5]}}], "content": [null]}', JSON),
    (b"\xff\xfe", JSON),
]


def test_an_answer_that_is_none_is_told_and_not_asked_for_again(
    server: ModelServer, protocol: Protocol
) -> None:
    generator = protocol.generator(server.url, circuit_failures=100)
    for body, kind in NO_ANSWERS:
        server.will(body, 200, {"Content-Type": kind})
        told = fault(generator)
        assert told == "the model server's response cannot be read", body
    assert len(server.asked) == len(NO_ANSWERS)


def test_an_empty_answer_is_none(server: ModelServer, protocol: Protocol) -> None:
    server.will(protocol.answer("  \n"))
    assert fault(protocol.generator(server.url)) == "the model's answer was empty"


@pytest.mark.parametrize(
    ("protocol", "answer"),
    [
        (OPENAI, chat(None, refusal=SECRET)),
        (OPENAI, chat("I c", finish="content_filter")),
        (ANTHROPIC, message("I c", finish="refusal")),
    ],
)
def test_a_refusal_is_no_reply(
    server: ModelServer, protocol: Protocol, answer: dict[str, Any]
) -> None:
    server.will(answer)
    assert fault(protocol.generator(server.url)) == "the model refused to answer"


def test_an_answer_that_is_too_long_is_cut_after_a_sentence(
    server: ModelServer, protocol: Protocol
) -> None:
    server.will(protocol.answer("Ärger gibt es nicht. " * 100))
    reply = of_kind(protocol.generator(server.url).reply(asked("hi")), GeneratedReply)
    assert reply.content.text.endswith("Ärger gibt es nicht.")
    assert 900 < len(reply.content.text.encode()) <= 1000


@pytest.mark.parametrize(
    ("protocol", "finish"), [(OPENAI, "length"), (ANTHROPIC, "max_tokens")], ids=["openai", "anth"]
)
def test_an_answer_that_broke_off_ends_with_its_last_whole_sentence(
    server: ModelServer, protocol: Protocol, finish: str
) -> None:
    server.will(protocol.answer("This is one whole sentence. And this is", finish=finish))
    reply = of_kind(protocol.generator(server.url).reply(asked("hi")), GeneratedReply)
    assert reply.content.text == "This is one whole sentence."


def test_no_log_at_any_level_that_is_shown_quotes_anything(
    server: ModelServer, protocol: Protocol, capsys: pytest.CaptureFixture[str]
) -> None:
    from moca.logs import set_up_logs

    set_up_logs("DEBUG", "json")
    server.will(protocol.answer(SECRET))
    server.will({}, 500)
    server.will({}, 500)
    generator = protocol.generator(server.url)
    generator.reply(asked(SECRET))
    with suppress(GenerationError):
        generator.reply(asked(SECRET))
    shown = capsys.readouterr()
    assert SECRET not in shown.err + shown.out
    assert KEY not in shown.err + shown.out
