"""A document is checked and tried by the code that answers contacts."""

from pathlib import Path

import pytest

from actors.bots.factory import BotFactory
from actors.bots.workshop import Workshop
from moca.bots.document import read_document
from moca.core.bots.documents import DocumentFault
from moca.core.bots.trials import PassedOver, TrialMessage, TrialReply
from moca.core.content.content import Content
from moca.core.topics import Mode
from moca.replies.budget import BudgetRecord
from moca.settings.sections import Settings

CHAIN = '[replies]\ngenerator = "rules, model, fixed"\n[replies.model]\nmodel = "small"\n'
MODEL = {"url": "http://127.0.0.1:1/v1", "api_key": "k", "timeout_seconds": 0.1, "retries": 0}
RULES = """
[[rule]]
name = "price"
keywords = {en = ["price"], de = ["preis"]}
answers = {en = "20 euros", de = "20 Euro"}

[[rule]]
name = "start"
on = "postback"
payloads = ["START"]
answers = {en = "Hello", de = "Hallo"}
"""


def workshop(**replies: object) -> Workshop:
    settings = Settings.model_validate({"replies": {"model": MODEL, **replies}})
    return Workshop(settings, BotFactory(settings, lambda _name: BudgetRecord()))


def tried(document: str, text: str, **message: object) -> TrialReply:
    return workshop().try_out(document, TrialMessage(text=text, **message))  # type: ignore[arg-type]


def test_who_answers_is_told_with_why_the_others_would_not() -> None:
    start = PassedOver("rule 'start'", "is only for these kinds: postback")
    assert tried(CHAIN + RULES, "the price?") == TrialReply(
        generator="rules",
        rule="price",
        content=Content(text="20 euros"),
        why="rules: rule 'price'",
        passed_over=(
            start,
            PassedOver("model", "asked only if rules has no reply"),
            PassedOver("fixed", "asked only if rules has no reply"),
        ),
    )
    passed = (
        PassedOver("rules", "no rule matches"),
        PassedOver("rule 'price'", "none of its keywords was found (en, de)"),
        start,
    )
    assert tried(CHAIN + RULES, "hello") == TrialReply(
        generator="model",
        why="model: would be asked, after rules: no rule matches",
        passed_over=(*passed, PassedOver("fixed", "asked only if model has no reply")),
        is_unasked=True,
    )
    asked = tried(CHAIN + RULES, "hello", calls_model=True)
    assert (asked.generator, asked.passed_over[:-1], asked.passed_over[-1].who) == (
        "fixed",
        passed,
        "model",
    )
    behind = CHAIN.replace("rules, model, fixed", "fixed, rules")
    assert tried(behind + RULES, "hello").passed_over == (
        PassedOver("rules", "asked only if fixed has no reply"),
    )


def test_what_the_team_would_see_first_is_told() -> None:
    rule = RULES.replace('name = "price"\n', 'name = "price"\ntopic = "prices"\n')
    held = tried(f'{CHAIN}[topics]\nprices = "draft"\n{rule}', "the price?")
    assert (held.topic, held.mode) == ("prices", Mode.DRAFT)


def test_a_bot_is_tried_with_any_event_and_language() -> None:
    assert tried(CHAIN + RULES, "START", kind="postback", language="de").reply == "Hallo"
    assert tried(CHAIN + RULES, "der Preis?").reply == "20 Euro"


@pytest.mark.parametrize(
    ("document", "text", "reply"),
    [
        (
            "",
            "stop",
            TrialReply(
                content=Content(
                    text="You will get no more automatic messages. Write START to get them again."
                ),
                why="the contact opts out",
            ),
        ),
        (
            '[manners]\nescalation_words = ["human"]',
            "a human, please",
            TrialReply(
                content=Content(text="A person will answer you here."),
                why="the contact asks for a person: handed over to the team",
                hands_over=True,
            ),
        ),
        (
            "[business_hours]\nenabled = true\n"
            + "\n".join(
                f"{day} = []" for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
            ),
            "hello",
            TrialReply(why="outside business hours"),
        ),
    ],
)
def test_what_is_decided_without_a_generator_is_told(
    document: str, text: str, reply: TrialReply
) -> None:
    assert tried(document, text) == reply


def test_what_the_server_cannot_run_is_a_fault() -> None:
    settings = Settings()
    here = Workshop(settings, BotFactory(settings, lambda _name: BudgetRecord()))

    assert here.faults_of(CHAIN) == (
        DocumentFault(
            "replies.model.api_key", "is required for the provider's own server; or set url"
        ),
    )
    assert here.faults_of('[replies]\ngenerator = "modell"')[0].field == "replies.generator"
    assert here.faults_of("") == ()


def test_the_settings_file_describes_a_bot_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(f'language = "de"\n{RULES}', encoding="utf-8")
    own = {"generator": "rules, fixed", "rules": {"file": str(tmp_path / "rules.toml")}}
    here = workshop(**own, fixed={"text": "Soon."})

    document = here.settings_document()
    assert here.faults_of(document) == ()
    assert document == (
        'language = "de"\n\n[replies]\ngenerator = "rules, fixed"\n\n[replies.model]\n'
        'timeout_seconds = 0.1\nretries = 0\n\n[replies.fixed]\ntext = "Soon."\n' + RULES
    )
    assert [rule.name for rule in read_document(document).rules.rules] == ["price", "start"]
