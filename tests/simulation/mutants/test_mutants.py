import pytest

from tests.simulation import simulation
from tests.simulation.mutants.mutants import ROOT, Mutant, read_mutants
from tests.simulation.mutants.patch import applied
from tests.simulation.run import run
from tests.simulation.worlds.draw import draw_script
from tests.simulation.worlds.themes import draw_world

MUTANTS = read_mutants()
OF_ONE_PROCESS = [mutant for mutant in MUTANTS if not mutant.nodes]


def test_there_are_forty_mutants_and_each_has_a_name_of_its_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 40


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_mutant_edits_exactly_one_place_and_leaves_valid_source(mutant: Mutant) -> None:
    assert mutant.count() == 1, f"{mutant.file} changed: adapt {mutant.name!r} in mutants.toml"
    source = (ROOT / mutant.file).read_text(encoding="utf-8")
    compile(source.replace(mutant.old, mutant.new), mutant.file, "exec")


@pytest.mark.parametrize("mutant", OF_ONE_PROCESS, ids=[mutant.name for mutant in OF_ONE_PROCESS])
def test_a_mutant_is_noticed_in_the_run_of_its_seed(
    mutant: Mutant, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Some mutants never come to rest; no sound run takes as many steps.
    monkeypatch.setattr(simulation, "_MOST_STEPS", 20_000)
    script = draw_world(mutant.seed, mutant.world) if mutant.world else draw_script(mutant.seed)
    with applied(mutant):
        assert run(script).broken != ()
