from dataclasses import dataclass
from datetime import datetime

from moca.core.content.content import Button, Content, Media, QuickReply
from moca.core.types import ContactKey, MadeBy
from moca.replies.generator import (
    GeneratedReply,
    GenerationError,
    HandOver,
    NoReply,
    Reply,
    ReplyRequest,
)
from tests.simulation.instagram.texts import said
from tests.simulation.runtime.virtual_time import Backstage, Clockwork
from tests.simulation.trace import Trace
from tests.simulation.worlds.script import Generating, Script
from tests.simulation.worlds.settings import DISCLOSURE

_FILLING = "x" * 700
_SAME = "This would be an AI generated message"


class BrokenGeneratorError(Exception):
    """Raised by a generator that keeps no promise."""


@dataclass(frozen=True)
class Making:
    """A reply that was made, or a part of it."""

    mids: tuple[str, ...]
    number: int
    part: int = 1
    parts: int = 1

    @property
    def is_last(self) -> bool:
        return self.part == self.parts


@dataclass(frozen=True)
class Asked:
    """What a reply was asked for with."""

    at: datetime
    texts: dict[str, str]
    """What the messages said, by id."""
    contact: ContactKey
    attempt: int


class Generator:
    """Makes replies that name what they answer, each different unless all are to be the same."""

    def __init__(self, script: Script, clockwork: Clockwork, trace: Trace) -> None:
        self._settings = script.settings
        self._clockwork = clockwork
        self._trace = trace
        self._lapses = {
            each.number: each for each in script.happenings if isinstance(each, Generating)
        }
        self.faults = 0
        self.under_way: dict[int, tuple[ContactKey, datetime]] = {}
        """The replies being made, by number: their contacts, and since when."""
        self.asked: list[Asked] = []
        self.made: dict[str, Making] = {}
        """By what they say."""

    def reply(self, request: ReplyRequest, backstage: Backstage) -> Reply:
        texts = {message.mid: message.text for message in request.inputs}
        asked = Asked(self._clockwork.true, texts, request.contact, request.attempt)
        self.asked.append(asked)
        number = len(self.asked)
        lapse = self._lapses.get(number) or Generating(number=number)
        self.faults += lapse.seconds > 0 or lapse.ends != "made"
        mids = ",".join(texts)
        self._trace.tell(f"generation {number} for {mids}: {lapse.ends} in {lapse.seconds} s")
        if lapse.seconds:
            self.under_way[number] = request.contact, self._clockwork.true
            backstage.wait(lapse.seconds)
            self.under_way.pop(number, None)
        if lapse.ends == "failed":
            raise GenerationError("no model answers")
        if lapse.ends == "broken":
            raise BrokenGeneratorError
        if lapse.ends == "declined":
            return NoReply("nothing to say")
        is_same = self._settings.same_texts
        content = Content(text=_SAME) if is_same else self._make(lapse, tuple(texts))
        if lapse.ends == "handed over":
            return HandOver("a person knows", content)
        made_by = MadeBy("simulated", topic=self._settings.topic_of(number))
        return GeneratedReply(content, made_by=made_by)

    def process_died(self) -> None:
        """Forget what was being made."""
        self.under_way.clear()

    def reword(self, old: str, new: str) -> None:
        """Take a reply of other words for the one that it was."""
        if making := self.made.get(old):
            self.made[new] = making

    def _make(self, lapse: Generating, mids: tuple[str, ...]) -> Content:
        number = lapse.number
        name = f"re {','.join(mids)} #{number}"
        if lapse.form == "long":
            parts = [f"{name}, {place} of 3 {_FILLING}." for place in (1, 2, 3)]
            self.made |= {
                part: Making(mids, number, place, 3) for place, part in enumerate(parts, start=1)
            }
            self.made[f"{DISCLOSURE}\n\n{parts[0]}"] = self.made[parts[0]]
            return Content(text=" ".join(parts))
        content = _in_form(lapse.form, name)
        self.made[said(content)] = Making(mids, number)
        self.made[f"{DISCLOSURE}\n\n{name}"] = Making(mids, number)
        return content


def _in_form(form: str, name: str) -> Content:
    match form:
        case "picture":
            return Content(
                media=Media(type="image", url=f"https://media.test/{name.replace(' ', '-')}")
            )
        case "buttons":
            return Content(text=name, buttons=(Button(title="more", payload="more"),))
        case "quick replies":
            return Content(text=name, quick_replies=(QuickReply(title="yes", payload="yes"),))
        case _:
            return Content(text=name)
