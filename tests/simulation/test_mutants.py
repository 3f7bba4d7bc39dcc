import pytest

from tests.simulation.mutants import ROOT, Mutant, read_mutants

MUTANTS = read_mutants()


def test_there_are_forty_mutants_and_each_has_a_name_of_its_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 40


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.name for mutant in MUTANTS])
def test_a_mutant_edits_exactly_one_place_and_leaves_valid_source(mutant: Mutant) -> None:
    assert mutant.count() == 1, f"{mutant.file} changed: adapt {mutant.name!r} in mutants.toml"
    source = (ROOT / mutant.file).read_text(encoding="utf-8")
    compile(source.replace(mutant.old, mutant.new), mutant.file, "exec")
