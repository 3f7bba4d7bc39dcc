"""The container image of Moca."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "config" / "Dockerfile").read_text()
FOR_DEVELOPERS = {"benchmarks", "docs", "test"}


def test_whatever_the_settings_can_ask_for_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (installed,) = re.findall(r'pip install .*-e "\.\[([a-z,]+)\]"', DOCKERFILE)
    assert set(installed.split(",")) == set(project["optional-dependencies"]) - FOR_DEVELOPERS


def test_it_holds_nothing_but_named_files_and_the_packages():
    copied = [
        source
        for line in DOCKERFILE.splitlines()
        if line.startswith("COPY")
        for source in line.split()[1:-1]
    ]
    assert {each for each in copied if not (ROOT / each).is_file()} == {"moca", "actors"}
    assert not {each for each in copied if ".env" in each}


def test_it_runs_as_nobody_important_and_says_whether_it_is_well() -> None:
    lines = DOCKERFILE.splitlines()
    assert lines.index("USER moca") < next(n for n, each in enumerate(lines) if "CMD" in each)
    assert "/healthz" in DOCKERFILE
    assert next(each for each in lines if each.startswith("HEALTHCHECK"))
