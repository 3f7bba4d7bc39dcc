from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from moca.bots.toml import parse_toml
from moca.core.bots.documents import MAX_DOCUMENT_BYTES, BadDocument, DocumentFault, fault_of
from moca.replies.rules.book import RuleBook
from moca.replies.rules.file_errors import BadRules
from moca.replies.rules.line_numbers import lines_of
from moca.replies.rules.reader import rules_in
from moca.settings.errors import explain
from moca.settings.manners import Manners
from moca.settings.opening_hours import BusinessHoursSection
from moca.settings.profile import ProfileSection
from moca.settings.replies import Replies
from moca.settings.section import Section
from moca.settings.sections import ConversationSection, Settings
from moca.settings.topics import Topics

RULE_KEYS = ("language", "rule")
"""The keys of a rules file, which stand beside the tables of the settings."""
_OF_THE_SERVER = {
    ("conversation",): ("idle_seconds",),
    ("replies",): ("concurrency", "rules"),
    ("replies", "model"): ("provider", "url", "api_key"),
}
"""What a bot has from the settings file: an administrator in a browser must neither read the
server's keys nor send them to a server of their own."""


_ON_THE_SERVER = "is set on the server; leave it out here"


class BotSections(Section):
    """What a bot's document has in common with a settings file."""

    conversation: ConversationSection = ConversationSection()
    replies: Replies = Replies()
    business_hours: BusinessHoursSection = BusinessHoursSection()
    manners: Manners = Manners()
    profile: ProfileSection = ProfileSection()
    topics: Topics = Topics()


@dataclass(frozen=True, slots=True)
class BotDocument:
    """What a bot decides and answers by: tables of a settings file, and those of a rules file."""

    sections: BotSections
    rules: RuleBook

    def settings_over(self, settings: Settings) -> Settings:
        """Return the settings with the bot's tables, and the server's own keys in them."""
        changed: dict[str, Any] = {key: getattr(self.sections, key) for key in _SECTIONS}
        conversation, replies = settings.conversation, settings.replies
        changed["conversation"] = self.sections.conversation.model_copy(
            update={"idle_seconds": conversation.idle_seconds}
        )
        server = {key: getattr(replies.model, key) for key in _OF_THE_SERVER["replies", "model"]}
        changed["replies"] = self.sections.replies.model_copy(
            update={
                "concurrency": replies.concurrency,
                "model": self.sections.replies.model.model_copy(update=server),
                **(replies.model_extra or {}),
            }
        )
        return settings.model_copy(update=changed)


_SECTIONS = tuple(BotSections.model_fields)


def read_document(text: str) -> BotDocument:
    """Read a bot's document, which is TOML.

    Raises:
        BadDocument: With every fault.
    """
    values = parse_toml(text, MAX_DOCUMENT_BYTES)
    faults: list[DocumentFault] = []
    sections, rules = BotSections(), RuleBook()
    try:
        sections = BotSections.model_validate(_without(values, RULE_KEYS))
    except ValidationError as error:
        faults += map(fault_of, explain(error))
    faults += [*_set_on_the_server(values), *_with_nul(values)]
    try:
        rules = rules_in({key: values[key] for key in RULE_KEYS if key in values}, lines_of(text))
    except BadRules as error:
        faults += [
            DocumentFault(".".join(map(str, fault.path)) or "rule", fault.text)
            for fault in error.faults
        ]
    if faults:
        raise BadDocument(faults)
    return BotDocument(sections, rules)


def tables_of(settings: Settings) -> dict[str, object]:
    """Return the tables, without rules, with which a document describes a settings file's bot."""
    sections = {key: getattr(settings, key) for key in _SECTIONS}
    tables = {
        key: section.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
        for key, section in sections.items()
    }
    for path, keys in _OF_THE_SERVER.items():
        table = _table_at(tables, path)
        for key in keys:
            table.pop(key, None)
    for key in settings.replies.model_extra or {}:
        tables["replies"].pop(key, None)
    return {key: table for key, table in tables.items() if table}


def _set_on_the_server(values: Mapping[str, Any]) -> Iterator[DocumentFault]:
    for path, keys in _OF_THE_SERVER.items():
        for key in keys:
            if key in _table_at(values, path):
                yield DocumentFault(".".join((*path, key)), _ON_THE_SERVER)
    replies = _table_at(values, ("replies",))
    own = Replies.model_fields.keys()
    for key in replies.keys() - own:
        if isinstance(replies[key], dict):
            yield DocumentFault(f"replies.{key}", _ON_THE_SERVER)


def _with_nul(value: object, path: tuple[str, ...] = ()) -> Iterator[DocumentFault]:
    match value:
        case str() if "\x00" in value:
            yield DocumentFault(".".join(path), "must not contain NUL")
        case dict():
            for key, each in value.items():
                yield from _with_nul(each, (*path, key))
        case list():
            for number, each in enumerate(value):
                yield from _with_nul(each, (*path, str(number)))


def _table_at(values: Mapping[str, Any], path: Iterable[str]) -> Any:
    table: Any = values
    for key in path:
        table = table.get(key, {}) if isinstance(table, dict) else {}
    return table if isinstance(table, dict) else {}


def _without(values: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    dropped = set(keys)
    return {key: value for key, value in values.items() if key not in dropped}
