from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from moca.core.replay_comparison import Rehearsal, ReplayDifference, ReplayOutcome
from moca.rehearsal.phrases import TOTALS, notes, said, sent

_MAX_LENGTH = 120


def rehearsal_tables(rehearsal: Rehearsal) -> Iterator[RenderableType]:
    """Render a rehearsal for a terminal: the differences, then the totals."""
    if rehearsal.differences:
        sides = map(_column, ("message", "before", "now"))
        table = Table("received (UTC)", *sides, "", show_lines=True)
        for difference in rehearsal.differences:
            table.add_row(*_row(difference))
        yield table
    totals = Table("result", "messages", "meaning")
    for verdict, meaning in TOTALS:
        totals.add_row(str(verdict), str(rehearsal.counts[verdict]), meaning)
    yield totals
    replayed, compared = rehearsal.webhooks, rehearsal.messages
    yield f"{replayed} webhooks replayed, {compared} messages compared, nothing sent."
    yield from notes(rehearsal)


def _column(header: str) -> Column:
    # A truncated id cannot be looked up with `journey`.
    return Column(header, overflow="fold")


def _row(difference: ReplayDifference) -> tuple[RenderableType, ...]:
    message = difference.message
    wrote = message.text or f"({message.type})"
    return (
        f"{message.received_at:%Y-%m-%d %H:%M:%S}",
        # As text, because square brackets in it are not markup.
        Text(f"{_short(wrote)}\n{message.mid}"),
        _ending(difference.then),
        _ending(difference.now),
        str(difference.verdict),
    )


def _ending(ending: ReplayOutcome) -> Text:
    after = sent(ending)
    lines = (_short(said(ending)), after and f"after {after}", ending.by)
    return Text("\n".join(line for line in lines if line))


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_LENGTH else f"{line[: _MAX_LENGTH - 1]}…"
