"""The container image of Moca."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "config" / "Dockerfile").read_text()
FOR_DEVELOPERS = {"benchmarks", "docs", "test"}


def test_whatever_the_settings_can_ask_for_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (installed,) = re.findall(r'"\.\[([a-z,]+)\]"', DOCKERFILE)
    assert set(installed.split(",")) == set(project["optional-dependencies"]) - FOR_DEVELOPERS


def test_it_holds_nothing_but_named_files_and_the_packages() -> None:
    copied = [
        source
        for line in DOCKERFILE.splitlines()
        if line.startswith("COPY") and "--from=" not in line
        for source in line.split()[1:-1]
    ]
    assert {each for each in copied if not (ROOT / each).is_file()} == {"moca", "actors"}
    assert not {each for each in copied if ".env" in each}


def test_its_last_stage_has_no_tool_that_builds_and_no_right_of_root() -> None:
    _build, last = DOCKERFILE.split("\nFROM python:${PYTHON}\n")
    assert "pip uninstall" in last
    assert "pip install" not in last
    lines = last.splitlines()
    assert lines.index("USER 999") < next(n for n, each in enumerate(lines) if "CMD" in each)
    assert "/healthz" in next(each for each in lines if "urllib" in each)


def test_its_base_is_the_same_tomorrow() -> None:
    (base,) = re.findall(r"^ARG PYTHON=(.+)$", DOCKERFILE, re.MULTILINE)
    assert re.fullmatch(r"3\.\d+\.\d+-slim-bookworm@sha256:[0-9a-f]{64}", base)


@pytest.mark.skipif(sys.platform != "linux", reason="hadolint is installed on Linux alone")
def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    judged = subprocess.run(
        [hadolint, ROOT / "config" / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (judged.returncode, judged.stdout + judged.stderr) == (0, "")
