"""A bot's document has the tables of the settings file and of the rules file, and no secret."""

import pytest

from moca.bots.document import read_document
from moca.core.bots.documents import BadDocument, DocumentFault
from moca.settings.sections import Settings

SHOP = """
language = "en"

[conversation]
debounce_seconds = 2

[replies]
generator = "rules, fixed"

[replies.fixed]
text = "Soon."

[[rule]]
name = "price"
keywords = ["price"]
answers = "20 €"
"""


def faults_of(text: str) -> list[DocumentFault]:
    with pytest.raises(BadDocument) as raised:
        read_document(text)
    return list(raised.value.faults)


def test_a_document_speaks_the_language_of_settings_and_rules() -> None:
    document = read_document(SHOP)

    settings = document.settings_over(Settings())
    assert settings.conversation.debounce_seconds == 2
    assert settings.replies.chain == ("rules", "fixed")
    assert settings.replies.fixed.text == "Soon."
    assert [rule.name for rule in document.rules.rules] == ["price"]
    assert document.rules.language == "en"


def test_what_a_document_leaves_out_has_mocas_default_whatever_the_settings_file_says() -> None:
    server = Settings.model_validate({"conversation": {"debounce_seconds": 60}})

    assert read_document("").settings_over(server).conversation.debounce_seconds == 5


def test_the_server_keeps_where_models_are_called_and_with_which_key() -> None:
    model = {"api_key": "secret", "url": "http://127.0.0.1:11434/v1", "prompt": "Be kind."}
    server = Settings.model_validate(
        {
            "conversation": {"idle_seconds": 7},
            "replies": {"model": model, "concurrency": 3, "generator": "weather", "weather": {}},
        }
    )
    document = read_document('[replies]\ngenerator = "weather, model"\n[replies.model]\nmodel="s"')

    settings = document.settings_over(server)
    replies = settings.replies
    assert replies.model.api_key.get_secret_value() == "secret"
    assert (replies.model.url, replies.model.model) == ("http://127.0.0.1:11434/v1", "s")
    assert "Be kind." not in replies.model.prompt
    assert (replies.concurrency, settings.conversation.idle_seconds) == (3, 7)
    assert replies.tables["weather"] == {}


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('[replies.model]\napi_key = "x"', "replies.model.api_key"),
        ('[replies.model]\nurl = "http://evil.test"', "replies.model.url"),
        ('[replies.model]\nprovider = "anthropic"', "replies.model.provider"),
        ('[replies.rules]\nfile = "/etc/passwd"', "replies.rules"),
        ("[replies]\nconcurrency = 9", "replies.concurrency"),
        ('[replies]\ngenerator = "weather"\n[replies.weather]\ntown = "Oslo"', "replies.weather"),
        ("[conversation]\nidle_seconds = 0", "conversation.idle_seconds"),
    ],
)
def test_what_belongs_to_the_server_is_refused(text: str, field: str) -> None:
    assert faults_of(text) == [DocumentFault(field, "is set on the server; leave it out here")]


def test_every_fault_is_named_with_its_field() -> None:
    text = """
[conversation]
debounce_seconds = -1
cool = 3

[business_hours]
monday = ["9-17"]

[[rule]]
name = "price"
keywords = ["price"]
anwsers = "20 €"
"""
    found = faults_of(text)

    assert [fault.field for fault in found] == [
        "conversation.debounce_seconds",
        "conversation.cool",
        "business_hours.monday.0",
        "rule.0.anwsers",
    ]
    assert found[3].message == (
        "line 12: rule 'price': anwsers: unknown key; did you mean 'answers'?"
    )


def test_no_text_of_a_document_has_nul() -> None:
    rule = '[[rule]]\nname = "a"\nanswers = ["b", "c\\u0000"]\n'
    assert faults_of(f'[replies]\ndisclosure = "\\u0000"\n{rule}')[:2] == [
        DocumentFault("replies.disclosure", "must not contain NUL"),
        DocumentFault("rule.0.answers.1", "must not contain NUL"),
    ]


@pytest.mark.parametrize(
    "text", ["= 1", "[server]\nport = 1", "x" * 48_001, 'conversation = "no"', "rule = 3"]
)
def test_no_text_is_too_odd_to_be_refused(text: str) -> None:
    assert faults_of(text)
