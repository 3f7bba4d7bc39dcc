from dataclasses import replace

from moca.core.content.content import Content
from tests.simulation import wire
from tests.simulation.clockwork import Clockwork
from tests.simulation.instagram import Instagram, Shown
from tests.simulation.script import AnswersByHand, Edits, Notices, PassesThread, Unsends, Writes
from tests.simulation.webhooks import Webhooks


class Doings:
    """What people do in their app, and somebody in the account's: each is shown, and told."""

    def __init__(self, clockwork: Clockwork, instagram: Instagram, webhooks: Webhooks) -> None:
        self._clockwork = clockwork
        self._instagram = instagram
        self._webhooks = webhooks
        self.written: set[str] = set()
        self.unsent: set[str] = set()

    def writes(self, writes: Writes) -> None:
        """Take what a person writes, and tell it, or hint at it."""
        instagram, now = self._instagram, self._clockwork.true
        self.written.add(writes.mid)
        if not writes.is_comment:
            instagram.show(writes.contact, writes.mid, "contact", Content(text=writes.text))
        told = wire.written(writes, now, writes.contact in instagram.elsewhere)
        self._webhooks.tell(told, writes.delays)
        if writes.hint is not None:
            self._webhooks.tell(wire.hinted(writes, now), (writes.hint,))

    def answers_by_hand(self, answers: AnswersByHand) -> None:
        """Take what somebody writes in the account's app, and echo it."""
        content = Content(text=answers.text)
        self._instagram.show(answers.contact, answers.mid, "account", content)
        echo = wire.echoed(answers.contact, answers.mid, content, self._clockwork.true)
        self._webhooks.tell(echo, answers.delays)

    def edits(self, edits: Edits) -> None:
        """Let a message say something else."""
        if self._is_there(edits.mid):
            self._change(edits, edits.text)
            is_elsewhere = edits.contact in self._instagram.elsewhere
            told = wire.edited(edits, self._clockwork.true, is_elsewhere)
            self._webhooks.tell(told, edits.delays)

    def unsends(self, unsends: Unsends) -> None:
        """Take a message back."""
        if self._is_there(unsends.mid):
            self.unsent.add(unsends.mid)
            self._change(unsends, None)
            told = wire.unsent(unsends.contact, unsends.mid, self._clockwork.true)
            self._webhooks.tell(told, unsends.delays)

    def notices(self, notices: Notices) -> None:
        """Tell what a person does with a message of ours or their own."""
        now, contact, mid = self._clockwork.true, notices.contact, notices.mid
        if notices.what == "read":
            self._webhooks.tell(wire.seen(contact, mid, now), notices.delays)
        else:
            told = wire.reacted(contact, mid, notices.what, now)
            self._webhooks.tell(told, notices.delays)

    def passes_thread(self, passes: PassesThread) -> None:
        """Give a thread to another app, or back."""
        elsewhere = self._instagram.elsewhere
        change = elsewhere.discard if passes.is_ours else elsewhere.add
        change(passes.contact)
        told = wire.controlled(passes.contact, passes.is_ours, self._clockwork.true)
        self._webhooks.tell(told, passes.delays)

    def _is_there(self, mid: str) -> bool:
        return mid in self.written and mid not in self.unsent

    def _change(self, what: Edits | Unsends, text: str | None) -> None:
        thread = self._instagram.threads[what.contact]
        changed = (_reading(each, text) if each.mid == what.mid else each for each in thread)
        thread[:] = [each for each in changed if each is not None]


def _reading(shown: Shown, text: str | None) -> Shown | None:
    return None if text is None else replace(shown, message=replace(shown.message, text=text))
