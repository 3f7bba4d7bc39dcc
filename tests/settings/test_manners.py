from pathlib import Path

import pytest

from actors.config import conversation_policy, writer_policy
from moca.core.conversation.consent import ConsentChange
from moca.settings.display import shown_settings
from moca.settings.errors import BadSettings
from moca.settings.reader import read_settings


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        (
            '[manners]\nescalation_words = ["human", "?!"]',
            "manners.escalation_words.1: '?!' has no letter or digit, so it never matches",
        ),
        (
            '[manners]\nopt_out_words = ["STOP"]\nopt_in_words = ["stop!"]',
            "manners: no word can be in both opt_out_words and opt_in_words",
        ),
        (
            '[notify]\nurl = "https://example.org/hook"\nsecret = "short"',
            "notify: a url needs a secret of 16 characters or more",
        ),
    ],
)
def test_manners_that_cannot_work_are_told(tmp_path: Path, written: str, problem: str) -> None:
    path = tmp_path / "moca.toml"
    path.write_text(written, encoding="utf-8")
    with pytest.raises(BadSettings) as raised:
        read_settings(path, {})
    assert raised.value.problems == (problem,)


def test_manners_come_to_those_who_mind_them() -> None:
    environment = {
        "MOCA_MANNERS__ESCALATION_WORDS": '["a human"]',
        "MOCA_REPLIES__DISCLOSURE": "A bot speaks.",
        "MOCA_NOTIFY__URL": "https://example.org/hook",
        "MOCA_NOTIFY__SECRET": "0123456789abcdef",
    }
    settings = read_settings(None, environment)
    policy, writer = conversation_policy(settings), writer_policy(settings)
    assert policy.escalation.are_in("Give me A HUMAN!")
    assert (policy.disclosure, policy.hand_over_text) == (
        "A bot speaks.",
        "A person will answer you here.",
    )
    assert policy.consent.change_of("stop", has_opted_out=False) is ConsentChange.OPT_OUT
    assert (
        writer.stores_notification,
        writer_policy(read_settings(None, {})).stores_notification,
    ) == (
        True,
        False,
    )
    assert ("notify.secret", "••••••••", "") in tuple(shown_settings(settings))
