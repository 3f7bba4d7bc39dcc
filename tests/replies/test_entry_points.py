"""Generators of third-party distributions."""

from pathlib import Path

import pytest

from moca.core.content.content import Content
from moca.core.types import MadeBy
from moca.replies.chain import GeneratorChain
from moca.replies.generator import BadGenerator, GeneratedReply
from moca.replies.registry import generator_names, make_generator
from moca.settings.reader import read_settings
from tests.replies.requests import asked

CODE = """
from moca.core.content.content import Content

class Weather:
    needs_history = 2

    def __init__(self, city="Oslo"):
        self.city = city

    def reply(self, request):
        return Content(text=f"Rain in {self.city}")

def picky(key):
    if key != "good":
        raise ValueError("key: must be good")
    return Weather(key)

def nothing():
    return None
"""
POINTS = """[moca.replies]
weather = moca_weather:Weather
picky = moca_weather:picky
nothing = moca_weather:nothing
gone = moca_weather:gone
absent = moca_not_there:make
"""

WEATHER = MadeBy("weather")


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution `moca-weather`, installed as far as Python can tell."""
    info = tmp_path / "moca_weather-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: moca-weather\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    (tmp_path / "moca_weather.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "moca_weather", raising=False)


def made(tmp_path: Path, toml: str) -> GeneratorChain:
    path = tmp_path / "moca.toml"
    path.write_text(f"[replies]\n{toml}", encoding="utf-8")
    replies = read_settings(path, {}).replies
    return make_generator(replies.chain, replies.tables)


def test_a_generator_of_another_distribution_answers(tmp_path: Path) -> None:
    reply = made(tmp_path, "generator = 'weather'").reply(asked("hi"))
    assert reply == GeneratedReply(Content(text="Rain in Oslo"), "weather", made_by=WEATHER)


def test_it_is_made_with_its_own_table(tmp_path: Path) -> None:
    generator = made(tmp_path, "generator = 'weather'\n[replies.weather]\ncity = 'Rome'")
    assert generator.reply(asked("hi")) == GeneratedReply(
        Content(text="Rain in Rome"), "weather", made_by=WEATHER
    )


def test_it_stands_in_a_chain_like_our_own(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text("")
    toml = f"generator = 'rules, weather'\n[replies.rules]\nfile = '{tmp_path}/rules.toml'"
    chain = made(tmp_path, toml)
    assert chain.needs_history == 2
    assert chain.reply(asked("hi")) == GeneratedReply(
        Content(text="Rain in Oslo"), "weather, after rules: no rule matches", made_by=WEATHER
    )


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (
            "generator = 'wether'",
            (
                "replies.generator: no generator named 'wether'; did you mean 'weather'? "
                "available: mock, rules, model, fixed, absent, gone, nothing, picky, weather"
            ),
        ),
        (
            "generator = 'weather'\n[replies.weather]\ntown = 'Rome'",
            "replies.weather: Weather.__init__() got an unexpected keyword argument 'town'",
        ),
        (
            "generator = 'picky'\n[replies.picky]\nkey = 'bad'",
            "replies.picky: key: must be good",
        ),
        ("generator = 'nothing'", "replies.nothing: a generator needs reply() and needs_history"),
        (
            "generator = 'gone'",
            (
                "replies.generator: 'gone' of moca_weather:gone cannot be loaded: "
                "module 'moca_weather' has no attribute 'gone'"
            ),
        ),
        (
            "generator = 'absent'",
            (
                "replies.generator: 'absent' of moca_not_there:make cannot be loaded: "
                "No module named 'moca_not_there'"
            ),
        ),
    ],
)
def test_one_that_cannot_be_made_is_refused_with_what_to_do(
    tmp_path: Path, toml: str, said: str
) -> None:
    with pytest.raises(BadGenerator) as raised:
        made(tmp_path, toml)
    assert raised.value.problems == (said,)


def test_ours_win_over_others_of_the_same_name() -> None:
    assert generator_names()[:4] == ("mock", "rules", "model", "fixed")
