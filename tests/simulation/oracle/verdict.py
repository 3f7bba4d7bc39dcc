from typing import Any

from tests.simulation.oracle.final_state import judge_the_end
from tests.simulation.oracle.search import judge_search
from tests.simulation.runtime.bots import BotWatch


def judge_all(simulation: Any) -> None:
    """Judge what is left when everything has come to rest, and what was counted on the way."""
    if simulation.script.settings.indexes:
        judge_search(simulation.oracle, simulation.ledger)
    # What is erased can no longer be counted.
    if not simulation.erasures.asked and not simulation.script.nodes:
        simulation.reports.judge_the_end()
    if simulation.script.settings.retention is None:
        simulation.feed.judge_the_end()
    if simulation.script.settings.has_bots:
        BotWatch(simulation.ledger, simulation.oracle.is_broken).judge_the_end()
    if simulation.script.settings.retention is None and not simulation.erasures.asked:
        simulation.held.judge_the_end()
    if simulation.script.settings.pushes:
        simulation.process.pushes.judge_the_end()
    if simulation.script.settings.subscribers:
        simulation.subscriptions.judge_the_end()
    simulation.requests.attachments.judge_the_end()
    judge_the_end(simulation)
