"""Documents keep their bytes through reading and writing."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moca.bots.document import read_document
from moca.bots.toml import join_rules, split_rules, write_tables

INLINE = 'rule = [\n  { name = "a" },\n]\n'
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=40)
WORDS = TEXTS.filter(lambda text: any(letter.isalnum() for letter in text))
RULES = st.lists(
    st.fixed_dictionaries({"name": WORDS, "keywords": st.lists(WORDS, min_size=1, max_size=3)}),
    max_size=3,
    unique_by=lambda rule: rule["name"],
)
TABLES = st.fixed_dictionaries(
    {},
    optional={
        "conversation": st.fixed_dictionaries({"debounce_seconds": st.integers(0, 100)}),
        "replies": st.fixed_dictionaries({"mock_text": TEXTS, "disclosure": TEXTS}),
        "business_hours": st.fixed_dictionaries({"away_text": TEXTS, "monday": st.just([])}),
    },
)


@given(TABLES, RULES)
def test_what_was_written_is_read_and_written_again_to_the_same_bytes(
    tables: dict[str, Any], rules: list[dict[str, Any]]
) -> None:
    document = join_rules(tables, write_tables({"rule": rules}) if rules else "")

    read, written = split_rules(document)
    assert (read, tomllib.loads(written).get("rule", [])) == (tables, rules)
    assert join_rules(read, written) == document


@given(TABLES)
def test_tables_that_are_written_describe_the_same_bot(tables: dict[str, Any]) -> None:
    tables = {key: table for key, table in tables.items() if key != "rule"}

    written = write_tables(tables)
    assert tomllib.loads(written) == tables
    assert read_document(written) == read_document(write_tables(tomllib.loads(written)))


@pytest.mark.parametrize(
    ("document", "rules"),
    [
        ('language = "de"\n\n# Prices\n[[rule]]\nname = "a"\n', '# Prices\n[[rule]]\nname = "a"\n'),
        ('[[rule]]\nname = "a" # as always\n', '[[rule]]\nname = "a" # as always\n'),
        ('[[rule]]\nname = "a"\n[manners]\nopt_in_text = ""\n', INLINE),
        ("[manners]\n", ""),
        ("= no TOML", ""),
        ('rule = [{name = "a"}]\n', INLINE),
    ],
)
def test_rules_are_parted_as_they_are_written_where_they_stand_alone(
    document: str, rules: str
) -> None:
    assert split_rules(document)[1] == rules
