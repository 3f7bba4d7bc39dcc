import json
from collections.abc import Iterable
from itertools import groupby

from moca.core.conversation.snapshot import Inbound
from moca.core.types import Role, readable_name
from moca.replies.generator import ReplyRequest
from moca.replies.model.completion import Question, Turn
from moca.replies.model.options import ModelFigures

_MAX_NAME = 40
_NAME = "{name}"
_UNNAMED = "the contact"
_MOST_TEXT = 4000
_LIMIT = "Answer with one message of at most {limit} bytes of UTF-8, without Markdown."
_HAND_OVER = "If a person should take over, call the tool hand_over and say so in your text."


def question_of(request: ReplyRequest, figures: ModelFigures) -> Question:
    """Say what a model is asked so that it answers a request."""
    return Question(
        system=_system(figures),
        turns=_turns(request, figures),
        may_hand_over=figures.may_hand_over,
    )


def _system(figures: ModelFigures) -> str:
    rules = [_LIMIT.format(limit=figures.max_bytes)]
    if figures.may_hand_over:
        rules.append(_HAND_OVER)
    return "\n".join([figures.prompt.replace(_NAME, _UNNAMED).strip(), *rules])


def _turns(request: ReplyRequest, figures: ModelFigures) -> tuple[Turn, ...]:
    earlier = request.history[-figures.history :] if figures.history else ()
    said = [(Role.USER, line) for line in _introduction(request.contact_name, figures)]
    said += [(saying.role, saying.text or "[not text]") for saying in earlier]
    said += [(Role.USER, _told(each)) for each in request.inputs]
    turns = tuple(_alternating(said))
    # The models' protocols want the contact to begin.
    return turns[1:] if turns[0].role is Role.ASSISTANT else turns


def _introduction(contact_name: str | None, figures: ModelFigures) -> Iterable[str]:
    # A name is whatever the contact typed: quoted among their words, it cannot pose as ours.
    name = readable_name(contact_name or "")[:_MAX_NAME]
    if name and _NAME in figures.prompt:
        yield f"[The contact's profile is named {json.dumps(name, ensure_ascii=False)}]"


def _alternating(said: Iterable[tuple[Role, str]]) -> Iterable[Turn]:
    for role, run in groupby(said, key=lambda each: each[0]):
        yield Turn(role, "\n".join(text[:_MOST_TEXT] for _, text in run))


def _told(inbound: Inbound) -> str:
    if inbound.kind == "message" and inbound.type in {"text", "quick_reply"}:
        return inbound.text or "[not text]"
    what = inbound.type if inbound.kind == "message" else inbound.kind
    return f"[{what}] {inbound.text}".rstrip()
