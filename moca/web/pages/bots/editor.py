import difflib
from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple

from flask import Response, render_template, request

from moca import clock
from moca.core.bots.cases import CaseResult
from moca.core.bots.documents import BOT_NAME, BOT_NAME_RULE, MAX_DOCUMENT_BYTES, DocumentFault
from moca.core.bots.forms import RULES_FIELD, BotForm
from moca.core.bots.rehearsals import RehearsalState
from moca.core.bots.trials import TrialReply
from moca.core.types import DEFAULT_BOT
from moca.storage.queries.accounts import list_accounts, names_of
from moca.storage.queries.team.bots import BotRecord, BotVersionRecord, list_versions
from moca.storage.queries.team.rule_counts import count_rules
from moca.web.bots import Bots, FailedCases, FaultyDocument
from moca.web.config import WebPorts
from moca.web.errors import BESIDE_THE_FORM, Problem, problem_response
from moca.web.schemas.bots import MAX_NOTE_LENGTH

MAX_TRIAL_LENGTH = 1000
COUNTED = timedelta(days=30)
"""Whose replies are counted by rule."""
_MAX_DIGITS = 9
_KINDS = ("message", "postback", "quick_reply", "story_reply", "story_mention", "image", "comment")


class _Change(NamedTuple):
    """A version, and its difference to the one before."""

    version: BotVersionRecord
    diff: str


class _Cases(NamedTuple):
    """What is expected of a bot."""

    text: str
    revision: int
    results: tuple[CaseResult, ...]


class BotEditor:
    """The page of a bot: its draft as a form, a trial beside it, and its versions."""

    def __init__(self, ports: WebPorts, bots: Bots) -> None:
        self._ports = ports
        self._bots = bots

    def page(
        self,
        name: str,
        *,
        document: str | None = None,
        problem: str = "",
        faults: tuple[DocumentFault, ...] = (),
        tried: TrialReply | None = None,
        cases: str | None = None,
        case_faults: tuple[DocumentFault, ...] = (),
        failed: tuple[CaseResult, ...] = (),
        as_toml: bool = False,
    ) -> str:
        """Render the page with the stored draft, or with another document in its form."""
        record = None if name == DEFAULT_BOT else self._bots.find(name)
        stored = self._bots.document_of(name)
        with self._ports.database.connection_context():
            versions = list_versions(name)
            accounts = list_accounts()
            counts = count_rules(name, clock.now() - COUNTED)
        form = self._form(name, stored if document is None else document, as_toml=as_toml)
        return render_template(
            "bot.html",
            at="bots",
            name=name,
            bot=record,
            asks_mode=record is not None and self._bots.asks_mode(record),
            form=form,
            is_unsaved=document is not None and document != stored,
            languages=_languages(form),
            ice_breakers=_values(form, "profile.ice_breakers.", ".question"),
            menu=_values(form, "profile.menu.", ".title"),
            revision=_revision(record),
            changes=_changes(versions),
            draft_diff=diff_of(versions[0].document if versions else "", stored),
            problem=problem,
            faults=_by_field(form, faults),
            tried=tried,
            counts=counts,
            in_force=versions[0].number if versions else None,
            counted_days=COUNTED.days,
            rehearsal=self._rehearsal(name),
            accounts=accounts,
            account_names=names_of(accounts),
            cases=self._shown_cases(name, stored, cases),
            case_faults=case_faults,
            failed=failed,
            typed=request.form,
            kinds=_KINDS,
            note_length=MAX_NOTE_LENGTH,
            trial_length=MAX_TRIAL_LENGTH,
            name_rule=BOT_NAME_RULE,
            name_pattern=BOT_NAME.pattern,
        )

    def _rehearsal(self, name: str) -> RehearsalState | None:
        rehearsals = self._ports.rehearsals
        return None if rehearsals is None else rehearsals.state(name)

    def _shown_cases(self, name: str, stored: str, typed: str | None) -> _Cases:
        """Return the cases, with what came of each for the saved draft."""
        known = self._bots.cases_of(name)
        revision = number_of(request.form.get("cases_revision", ""))
        return _Cases(
            text=known.cases if typed is None else typed,
            revision=known.revision if revision is None else revision,
            results=() if self._bots.faults_of(stored) else self._bots.check(name, stored),
        )

    def _form(self, name: str, document: str, *, as_toml: bool) -> BotForm:
        form = self._bots.form_of(document)
        if not as_toml and form.rules is not None:
            return form
        typed = typed_text(RULES_FIELD)
        if is_toml():
            # What is no TOML stays as it was typed, and all else is shown without it.
            form = self._bots.form_of(self.typed(name, "", leave_rules=True) or document)
            form = form._replace(rules_text=form.rules_text._replace(value=typed))
        return form._replace(rules=None)

    def typed(self, name: str, act: str = "", *, leave_rules: bool = False) -> str | None:
        """Return the document of the form that was sent, after an act on its rules.

        None if it was another form.
        """
        if name == DEFAULT_BOT or "revision" not in request.form:
            return None
        fields = ((key, ", ".join(values)) for key, values in request.form.lists())
        values = {
            key: value.replace("\r\n", "\n")
            for key, value in fields
            if len(value) <= MAX_DOCUMENT_BYTES and not (leave_rules and key == RULES_FIELD)
        }
        return self._bots.fill_in(self._bots.document_of(name), values, act)

    def show(self, problem: Problem) -> Response:
        """Show the problem of a form on the page, with what was typed and each fault beside it."""
        name = (request.view_args or {}).get("name")
        if name is None or problem.status not in BESIDE_THE_FORM or request.method != "POST":
            return problem_response(problem)
        if isinstance(problem, FailedCases):
            page = self.page(name, failed=problem.failed)
        elif isinstance(problem, FaultyDocument) and "cases" in request.form:
            page = self.page(name, cases=typed_text("cases"), case_faults=problem.faults)
        elif isinstance(problem, FaultyDocument):
            typed = self.typed(name)
            page = self.page(name, document=typed, faults=problem.faults, as_toml=is_toml())
        else:
            cases = typed_text("cases") if "cases" in request.form else None
            page = self.page(name, document=self.typed(name), problem=problem.message, cases=cases)
        return Response(page, problem.status, mimetype="text/html")


def is_toml() -> bool:
    """Return whether the form that was sent has its rules as TOML."""
    return RULES_FIELD in request.form


def typed_text(name: str) -> str:
    """Return a field of many lines as it was typed."""
    return request.form.get(name, "").replace("\r\n", "\n")


def number_of(typed: str) -> int | None:
    """Return the whole number that was typed, or None."""
    is_number = typed.isascii() and typed.isdecimal() and len(typed) <= _MAX_DIGITS
    return int(typed) if is_number else None


def diff_of(old: str, new: str) -> str:
    """Return the lines that differ between two documents, with those around them."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2)
    return "\n".join(line for line in lines if not line.startswith(("---", "+++")))


def _revision(record: BotRecord | None) -> int:
    """Return the revision that a form changes; after a refusal still the one that was shown."""
    typed = number_of(request.form.get("revision", ""))
    return (0 if record is None else record.draft_revision) if typed is None else typed


def _changes(versions: tuple[BotVersionRecord, ...]) -> list[_Change]:
    changes = [
        _Change(newer, diff_of(older.document, newer.document))
        for newer, older in pairwise(versions)
    ]
    return [*changes, *(_Change(first, "") for first in versions[-1:])]


def _values(form: BotForm, start: str, end: str) -> list[str]:
    fields = (each for each in form.fields if each.path.startswith(start))
    return [each.value for each in fields if each.value and each.path.endswith(end)]


def _languages(form: BotForm) -> list[str]:
    """Return the languages of the rules that are shown as forms."""
    return sorted({*_values(form, "rule.", ".language"), *_values(form, "language", "language")})


def _by_field(form: BotForm, faults: tuple[DocumentFault, ...]) -> dict[str, list[str]]:
    """Return the faults by the path of their field or rule; those of none under the empty one."""
    paths = {field.path: field.path for field in form.fields}
    paths |= {rule.path: rule.path for rule in form.rules or ()}
    # The first of those that share a place: the last one adds a language.
    paths |= {field.place: field.path for field in reversed(form.fields) if field.place}
    placed: dict[str, list[str]] = {}
    for fault in faults:
        place = fault.field
        while place and place not in paths:
            place = place.rpartition(".")[0]
        path = paths.get(place, "")
        placed.setdefault(path, []).append(fault.message if path else str(fault))
    return placed
