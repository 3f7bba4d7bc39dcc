from dataclasses import replace

from moca.core.content.content import Content
from tests.simulation.instagram import payloads
from tests.simulation.instagram.instagram import Shown, SimulatedInstagram
from tests.simulation.instagram.webhooks import Webhooks
from tests.simulation.runtime.virtual_time import Clockwork
from tests.simulation.worlds.script import (
    AnswersByHand,
    Edits,
    Notices,
    PassesThread,
    Unsends,
    Writes,
)


class ContactActions:
    """What contacts and the account do in the Instagram app: shown there, and sent as webhooks."""

    def __init__(
        self, clockwork: Clockwork, instagram: SimulatedInstagram, webhooks: Webhooks
    ) -> None:
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
        told = payloads.written(writes, now, writes.contact in instagram.elsewhere)
        self._webhooks.tell(told, writes.delays)
        if writes.hint is not None:
            self._webhooks.tell(payloads.hinted(writes, now), (writes.hint,))

    def answers_by_hand(self, answers: AnswersByHand) -> None:
        """Show a message typed in the account's app, and send its echo."""
        content = Content(text=answers.text)
        self._instagram.show(answers.contact, answers.mid, "account", content)
        echo = payloads.echoed(answers.contact, answers.mid, content, self._clockwork.true)
        self._webhooks.tell(echo, answers.delays)

    def edits(self, edits: Edits) -> None:
        """Change the text of a message."""
        if self._is_there(edits.mid):
            self._change(edits, edits.text)
            is_elsewhere = edits.contact in self._instagram.elsewhere
            told = payloads.edited(edits, self._clockwork.true, is_elsewhere)
            self._webhooks.tell(told, edits.delays)

    def unsends(self, unsends: Unsends) -> None:
        """Take a message back."""
        if self._is_there(unsends.mid):
            self.unsent.add(unsends.mid)
            self._change(unsends, None)
            told = payloads.unsent(unsends.contact, unsends.mid, self._clockwork.true)
            self._webhooks.tell(told, unsends.delays)

    def notifications(self, notifications: Notices) -> None:
        """Send the webhook of a contact's reaction or read receipt."""
        now, contact, mid = self._clockwork.true, notifications.contact, notifications.mid
        if notifications.what == "read":
            self._webhooks.tell(payloads.seen(contact, mid, now), notifications.delays)
        else:
            told = payloads.reacted(contact, mid, notifications.what, now)
            self._webhooks.tell(told, notifications.delays)

    def passes_thread(self, passes: PassesThread) -> None:
        """Pass a thread to another app, or back."""
        elsewhere = self._instagram.elsewhere
        change = elsewhere.discard if passes.is_ours else elsewhere.add
        change(passes.contact)
        told = payloads.controlled(passes.contact, passes.is_ours, self._clockwork.true)
        self._webhooks.tell(told, passes.delays)

    def _is_there(self, mid: str) -> bool:
        return mid in self.written and mid not in self.unsent

    def _change(self, what: Edits | Unsends, text: str | None) -> None:
        thread = self._instagram.threads[what.contact]
        changed = (_reading(each, text) if each.mid == what.mid else each for each in thread)
        thread[:] = [each for each in changed if each is not None]


def _reading(shown: Shown, text: str | None) -> Shown | None:
    return None if text is None else replace(shown, message=replace(shown.message, text=text))
