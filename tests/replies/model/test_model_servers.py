from contextlib import suppress
from datetime import timedelta

import pytest

from moca.core.content.content import Content
from moca.core.types import MadeBy, Role
from moca.replies.generator import GeneratedReply, GenerationError, HandOver
from moca.replies.registry import make_generator
from moca.settings.sections import Settings
from tests.replies.model.model_server import KEY, ModelServer, chat, message
from tests.replies.requests import NOON, asked, said

SECRET = "what the contact wrote"
MODEL = {"url": "", "api_key": KEY, "model": "small-1", "timeout_seconds": 5}

BY_MODEL = MadeBy("model", is_ai=True)
HELLO = GeneratedReply(Content(text="Hello"), "model: small-1", made_by=BY_MODEL)


@pytest.fixture
def server():
    with ModelServer() as server:
        yield server


class Protocol:
    """The API of one provider."""

    def __init__(self, provider, path, answer):
        self.provider = provider
        self.path = path
        self.answer = answer

    def generator(self, server, **model):
        base = f"{server.url}/v1" if self.provider == "openai" else server.url
        table = MODEL | {"provider": self.provider, "url": base} | model
        settings = Settings.model_validate({"replies": {"generator": "model", "model": table}})
        return make_generator(settings.replies.chain, settings.replies.tables)


OPENAI = Protocol("openai", "/v1/chat/completions", chat)
ANTHROPIC = Protocol("anthropic", "/v1/messages", message)


@pytest.fixture(params=[OPENAI, ANTHROPIC], ids=["openai", "anthropic"])
def protocol(request):
    return request.param


def fault(generator, request=None):
    with pytest.raises(GenerationError) as raised:
        generator.reply(request or asked(SECRET))
    told = f"{raised.value!r} {raised.value.__cause__!r}"
    assert SECRET not in told
    assert KEY not in told
    return str(raised.value).removeprefix("model: ")


def test_the_model_answers(server, protocol):
    server.will(protocol.answer(" Hello there. "))
    reply = protocol.generator(server).reply(asked("hi"))
    assert reply == GeneratedReply(Content(text="Hello there."), "model: small-1", made_by=BY_MODEL)


def test_openai_is_asked_with_system_prompt_history_and_limit(server):
    server.will(chat("x"))
    history = [said(Role.USER, "Hi", 3), said(Role.ASSISTANT, "Hello", 2)]
    generator = OPENAI.generator(server, prompt="You speak with {name}.", max_bytes=500)
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


def test_anthropic_is_asked_the_same_in_its_own_way(server):
    server.will(message("x"))
    generator = ANTHROPIC.generator(server, prompt="Be kind.", may_hand_over=False)
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
def test_the_model_may_ask_for_a_person_in_words_that_quote_nobody(server, protocol, given, told):
    import json

    reason = json.dumps(given) if protocol is OPENAI else given
    server.will(protocol.answer("One moment.", reason=reason))
    assert protocol.generator(server).reply(asked(SECRET)) == HandOver(
        f"model: the model asks for a person: {told}", Content(text="One moment."), made_by=BY_MODEL
    )


@pytest.mark.parametrize("given", ["not json", "5", "null", ""])
def test_where_it_asks_without_words_the_settings_have_them(server, given):
    server.will(chat(None, reason=given))
    reply = OPENAI.generator(server).reply(asked("hi"))
    assert reply == HandOver("model: the model asks for a person: other", made_by=BY_MODEL)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (400, "400; if it does not support tools"),
        (401, "401; check replies.model.api_key"),
        (404, "404; check replies.model.url and replies.model.model"),
        (418, "418"),
        (429, "429, too many requests"),
    ],
)
def test_a_refused_call_is_not_repeated_and_says_what_to_do(server, protocol, status, told):
    server.will({"error": {"message": f"{KEY} {SECRET}", "type": "x"}}, status)
    told = f"the model server responded with {told}"
    assert fault(protocol.generator(server)).startswith(told)
    assert len(server.asked) == 1


def test_a_server_s_fault_is_repeated_so_often_and_no_more(server, protocol):
    for _ in range(3):
        server.will({"error": SECRET}, 500)
    assert fault(protocol.generator(server, retries=2)) == "the model server responded with 500"
    assert len(server.asked) == 3


def test_a_repeated_call_may_succeed(server, protocol):
    server.will(b"oops", 503, {"Content-Type": "text/html"})
    server.will(protocol.answer("Hello"))
    assert protocol.generator(server).reply(asked("hi")) == HELLO


def test_a_server_that_hangs_is_given_up(server, protocol):
    server.will_hang()
    generator = protocol.generator(server, timeout_seconds=0.2, retries=0)
    assert fault(generator) == "the model server did not respond in time"


def test_a_server_that_is_not_there_is_told(protocol):
    with ModelServer() as gone:
        generator = protocol.generator(gone)
    assert fault(generator) == "the model server cannot be reached"


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


def test_an_answer_that_is_none_is_told_and_not_asked_for_again(server, protocol):
    generator = protocol.generator(server, circuit_failures=100)
    for body, kind in NO_ANSWERS:
        server.will(body, 200, {"Content-Type": kind})
        told = fault(generator)
        assert told == "the model server's response cannot be read", body
    assert len(server.asked) == len(NO_ANSWERS)


def test_an_empty_answer_is_none(server, protocol):
    server.will(protocol.answer("  \n"))
    assert fault(protocol.generator(server)) == "the model's answer was empty"


@pytest.mark.parametrize(
    ("protocol", "answer"),
    [
        (OPENAI, chat(None, refusal=SECRET)),
        (OPENAI, chat("I c", finish="content_filter")),
        (ANTHROPIC, message("I c", finish="refusal")),
    ],
)
def test_a_refusal_is_no_reply(server, protocol, answer):
    server.will(answer)
    assert fault(protocol.generator(server)) == "the model refused to answer"


def test_an_answer_that_is_too_long_is_cut_after_a_sentence(server, protocol):
    server.will(protocol.answer("Ärger gibt es nicht. " * 100))
    reply = protocol.generator(server).reply(asked("hi"))
    assert reply.content.text.endswith("Ärger gibt es nicht.")
    assert 900 < len(reply.content.text.encode()) <= 1000


@pytest.mark.parametrize(
    ("protocol", "finish"), [(OPENAI, "length"), (ANTHROPIC, "max_tokens")], ids=["openai", "anth"]
)
def test_an_answer_that_broke_off_ends_with_its_last_whole_sentence(server, protocol, finish):
    server.will(protocol.answer("This is one whole sentence. And this is", finish=finish))
    reply = protocol.generator(server).reply(asked("hi"))
    assert reply.content.text == "This is one whole sentence."


@pytest.mark.parametrize(("header", "seconds"), [("30", 30), ("99999", 3600)])
def test_a_server_that_asks_for_a_rest_gets_it(server, protocol, header, seconds):
    server.will({}, 429, {"Retry-After": header})
    server.will(protocol.answer("Hello"))
    generator = protocol.generator(server)
    fault(generator)
    until = f"{NOON + timedelta(seconds=seconds):%H:%M:%S}"
    early = asked("hi", at=NOON + timedelta(seconds=seconds - 1))
    assert until in fault(generator, early)
    late = asked("hi", at=NOON + timedelta(seconds=seconds))
    assert generator.reply(late) == HELLO


def test_an_odd_wish_for_a_rest_is_none(server, protocol):
    generator = protocol.generator(server, circuit_failures=100)
    for header in ("soon", "-1", "nan", "inf", ""):
        server.will({}, 429, {"Retry-After": header})
        server.will(protocol.answer("Hello"))
        fault(generator)
        assert generator.reply(asked("hi")) == HELLO, header


def test_the_environment_s_keys_and_addresses_are_not_read(server, protocol, monkeypatch):
    for name in ("OPENAI", "ANTHROPIC"):
        monkeypatch.setenv(f"{name}_BASE_URL", "http://127.0.0.1:9/")
        monkeypatch.setenv(f"{name}_API_KEY", "another")
    server.will(protocol.answer("Hello"))
    protocol.generator(server).reply(asked("hi"))
    assert KEY in server.keys[0]


def test_no_log_at_any_level_that_is_shown_quotes_anything(server, protocol, capsys):
    from moca.logs import set_up_logs

    set_up_logs("DEBUG", "json")
    server.will(protocol.answer(SECRET))
    server.will({}, 500)
    server.will({}, 500)
    generator = protocol.generator(server)
    generator.reply(asked(SECRET))
    with suppress(GenerationError):
        generator.reply(asked(SECRET))
    shown = capsys.readouterr()
    assert SECRET not in shown.err + shown.out
    assert KEY not in shown.err + shown.out
