"""Every reply of the bot is stored with what made it, and with whether a model wrote it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from moca import clock
from moca.core.content.content import Content
from moca.core.messages.replies import QueueReply
from moca.core.policy import ConversationPolicy
from moca.core.types import Author
from moca.replies.chain import ChainLink, GeneratorChain
from moca.replies.fixed import FixedGenerator
from moca.replies.generator import HandOver, NoReply, ReplyRequest
from moca.replies.rules.generator import RulesGenerator
from moca.storage.db.tables import Message
from tests.support.system import SteppedSystem

RULES = """
[[rule]]
name = "prices"
keywords = ["price"]
answers = "20 €"

[[rule]]
name = "a person"
keywords = ["human"]
answers = "One moment."
hand_over = true
"""


@dataclass(frozen=True)
class ScriptedModel:
    """A model that knows the weather, and passes complaints on."""

    needs_history: int = 0
    needs_name: bool = False
    is_ai: bool = True

    def reply(self, request: ReplyRequest) -> Content | HandOver | NoReply:
        text = request.inputs[0].text
        if "complaint" in text:
            return HandOver("a complaint", Content(text="I am sorry."))
        return Content(text="Sunny.") if "weather" in text else NoReply("it does not know")


def replies(system: SteppedSystem) -> list[tuple[str, str | None, str | None, bool | None]]:
    made = Message.select(Message.text, Message.generator, Message.rule, Message.is_ai_generated)
    return system.rows(made.where(Message.role == "assistant").order_by(Message.id))


@pytest.fixture
def system(tmp_path: Path, open_system: Callable[..., SteppedSystem]) -> SteppedSystem:
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    rules = RulesGenerator(tmp_path / "rules.toml")
    chain = [
        ChainLink("rules", rules, is_quick=True),
        ChainLink("model", ScriptedModel()),
        ChainLink("fixed", FixedGenerator("Soon."), is_quick=True),
    ]
    conversation = ConversationPolicy(hand_over_text="A teammate replies soon.")
    return open_system(generator=GeneratorChain(chain), conversation=conversation)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("the price?", ("20 €", "rules", "prices", False)),
        ("a human!", ("One moment.", "rules", "a person", False)),
        ("how is the weather?", ("Sunny.", "model", None, True)),
        ("a complaint", ("I am sorry.", "model", None, True)),
        ("hm", ("Soon.", "fixed", None, False)),
    ],
)
def test_what_made_a_reply_is_stored_with_it(
    system: SteppedSystem, text: str, made: tuple[object, ...]
) -> None:
    system.receive(text)
    system.advance(10)
    assert replies(system) == [made]


def test_no_generator_made_what_an_operator_wrote(system: SteppedSystem) -> None:
    system.receive("hm")
    by_hand = QueueReply(1, (), Content(text="Hi."), clock.now(), Author.OPERATOR, key="k1")
    system.actors.tell(by_hand)
    system.advance(10)
    assert ("Hi.", None, None, None) in replies(system)


def test_each_part_of_a_long_reply_says_what_made_it(
    tmp_path: Path, open_system: Callable[..., SteppedSystem]
) -> None:
    fixed = FixedGenerator("word " * 300)
    system = open_system(generator=GeneratorChain([ChainLink("fixed", fixed, is_quick=True)]))
    system.receive("hm")
    system.advance(10)
    made = [row[1:] for row in replies(system)]
    assert made == [("fixed", None, False)] * 2
