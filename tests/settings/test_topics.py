from datetime import timedelta
from pathlib import Path

import pytest

from actors.config import conversation_policy
from moca.core.topics import Mode, TopicMode, TopicModes
from moca.settings.display import shown_settings
from moca.settings.errors import BadSettings
from moca.settings.reader import read_settings

WRITTEN = """
[topics]
other = "draft"
prices = "delay 10 minutes"
"gift cards" = "off"
"""


def test_topics_come_to_the_conversations(tmp_path: Path) -> None:
    path = tmp_path / "moca.toml"
    path.write_text(WRITTEN, encoding="utf-8")
    settings = read_settings(path, {"MOCA_TOPICS__HOURS": "auto"})
    assert conversation_policy(settings).topics == TopicModes(
        {
            "prices": TopicMode(Mode.DELAY, timedelta(minutes=10)),
            "gift cards": TopicMode(Mode.OFF),
            "hours": TopicMode(Mode.AUTO),
            "other": TopicMode(Mode.DRAFT),
        }
    )
    shown = {name: value for name, value, _ in shown_settings(settings) if "topics" in name}
    assert shown == {
        "topics.other": "draft",
        "topics.prices": "delay 10 minutes",
        "topics.gift cards": "off",
        "topics.hours": "auto",
    }


@pytest.mark.parametrize("mode", ["later", "delay", "delay 0 minutes", "delay 5 hours", ""])
def test_an_unknown_mode_is_told(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "moca.toml"
    path.write_text(f'[topics]\nprices = "{mode}"', encoding="utf-8")
    with pytest.raises(BadSettings) as raised:
        read_settings(path, {})
    problem = 'topics.prices: "auto", "draft", "off", or a delay such as "delay 10 minutes"'
    assert raised.value.problems == (problem,)


def test_a_topic_that_no_reply_can_have_is_told(tmp_path: Path) -> None:
    path = tmp_path / "moca.toml"
    path.write_text('[topics]\nPrices = "draft"', encoding="utf-8")
    with pytest.raises(BadSettings) as raised:
        conversation_policy(read_settings(path, {}))
    problem = "topics.Prices: a topic is in lower case, without spaces around it"
    assert raised.value.problems == (problem,)
