import json
import re
from collections.abc import Collection, Iterable
from itertools import groupby

from moca.core.conversation.snapshot import Inbound
from moca.core.types import Role, readable_name
from moca.replies.generator import ReplyRequest
from moca.replies.model.completion import ModelRequest, ModelTurn
from moca.replies.model.options import ModelOptions

_MAX_NAME = 40
_NAME = "{name}"
_UNNAMED = "the contact"
_MAX_TEXT_LENGTH = 4000
_LIMIT = "Answer with one message of at most {limit} bytes of UTF-8, without Markdown."
_HAND_OVER = "If a person should take over, call the tool hand_over and say so in your text."
_TOPICS = "Begin with a line of its own that names the topic: 'Topic: ' and one of: {topics}."
_TOPIC_LINE = re.compile(r"\s*topic\s*:([^\n]*)(?:\n|$)", re.IGNORECASE)


def split_topic(text: str, topics: Collection[str]) -> tuple[str | None, str]:
    """Return the topic that an answer names, and the text without that line.

    The topic is None if it names none, or none of these.
    """
    line = _TOPIC_LINE.match(text)
    if not topics or line is None:
        return None, text
    named = line[1].strip().strip("'\"*.").lower()
    return (named if named in topics else None), text[line.end() :]


def question_of(request: ReplyRequest, options: ModelOptions) -> ModelRequest:
    """Return the model call for a reply request."""
    return ModelRequest(
        system=_system(options),
        turns=_turns(request, options),
        may_hand_over=options.may_hand_over,
    )


def _system(options: ModelOptions) -> str:
    rules = [_LIMIT.format(limit=options.max_bytes)]
    if options.may_hand_over:
        rules.append(_HAND_OVER)
    if options.topics:
        rules.append(_TOPICS.format(topics=", ".join(options.topics)))
    return "\n".join([options.prompt.replace(_NAME, _UNNAMED).strip(), *rules])


def _turns(request: ReplyRequest, options: ModelOptions) -> tuple[ModelTurn, ...]:
    earlier = request.history[-options.history :] if options.history else ()
    lines = [(Role.USER, line) for line in _introduction(request.contact_name, options)]
    lines += [(saying.role, saying.text or "[not text]") for saying in earlier]
    lines += [(Role.USER, _text_of(each)) for each in request.inputs]
    turns = tuple(_alternating(lines))
    # The APIs require that the contact begins.
    return turns[1:] if turns[0].role is Role.ASSISTANT else turns


def _introduction(contact_name: str | None, options: ModelOptions) -> Iterable[str]:
    # A name is whatever the contact typed: quoted among their words, it cannot pose as ours.
    name = readable_name(contact_name or "")[:_MAX_NAME]
    if name and _NAME in options.prompt:
        yield f"[The contact's profile is named {json.dumps(name, ensure_ascii=False)}]"


def _alternating(lines: Iterable[tuple[Role, str]]) -> Iterable[ModelTurn]:
    for role, run in groupby(lines, key=lambda each: each[0]):
        yield ModelTurn(role, "\n".join(text[:_MAX_TEXT_LENGTH] for _, text in run))


def _text_of(inbound: Inbound) -> str:
    if inbound.kind == "message" and inbound.type in {"text", "quick_reply"}:
        return inbound.text or "[not text]"
    what = inbound.type if inbound.kind == "message" else inbound.kind
    return f"[{what}] {inbound.text}".rstrip()
