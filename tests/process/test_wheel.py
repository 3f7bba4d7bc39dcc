"""Moca as pip installs it, in an empty folder without the checkout."""

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tests.process.service import BRISK, ROOT, Service, eventually
from tests.process.test_journey import REPLY, SAMPLE, WEBHOOK, replies, signed

pytestmark = pytest.mark.timeout(600)
SOURCES = ("moca", "actors", "config", "pyproject.toml", "README.md", "LICENSE", "run.py")
BUILD_SDIST = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
INSTALL = ("install", "--no-index", "--no-deps", "--no-compile")
BUILD_WHEEL = ("wheel", "--no-index", "--no-deps", "--no-build-isolation")
OTHER_ACTORS = "raise ImportError('this is the other distribution that installs actors')"

IMPORT_IN_CHILD = """
import importlib, multiprocessing, sys
from moca.__main__ import main
sys.argv[1:] = ["--version"]
try:
    main()
except SystemExit:
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=importlib.import_module, args=("actors.cli.main",))
    child.start()
    child.join()
    sys.exit(child.exitcode)
"""


def run(*command: Path | str, cwd: Path) -> None:
    subprocess.run(command, cwd=cwd, check=True, capture_output=True, timeout=300)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the sdist of a copy of the tree, so that nothing is left in the checkout."""
    folder = tmp_path_factory.mktemp("build")
    tree = folder / "tree"
    tree.mkdir()
    for name in SOURCES:
        _copy(ROOT / name, tree / name)
    run(sys.executable, "-c", BUILD_SDIST, folder, cwd=tree)
    (sdist,) = folder.glob("moca_dm-*.tar.gz")
    run(*PIP, *BUILD_WHEEL, "--wheel-dir", folder, sdist, cwd=folder)
    (built,) = folder.glob("moca_dm-*.whl")
    return built


@pytest.fixture(scope="module")
def commands(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of an environment with the wheel, this one's packages and `actors`."""
    environment = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=environment)
    python = environment / "bin" / "python"
    run(*PIP, "--python", python, *INSTALL, wheel, cwd=environment)
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    (site / "actors.py").write_text(OTHER_ACTORS)
    return python.parent


def test_the_wheel_installs_no_package_but_moca(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = {Path(each) for each in archive.namelist()}
        (metadata,) = (each for each in archive.namelist() if each.endswith("/METADATA"))
        assert "\nName: moca-dm\n" in archive.read(metadata).decode()
    assert {each.parts[0] for each in names} == {"moca", Path(metadata).parent.name}


def test_the_image_is_built_from_all_that_the_wheel_needs(wheel: Path, tmp_path: Path) -> None:
    build, _last = (ROOT / "config" / "Dockerfile").read_text().split("\nFROM python:${PYTHON}\n")
    copies = [line.split()[1:] for line in build.splitlines() if line.startswith("COPY ")]
    for *sources, target in copies:
        for source in sources:
            _copy(ROOT / source, tmp_path / (source if target != "./" else Path(source).name))
    run(*PIP, *BUILD_WHEEL, "--wheel-dir", tmp_path, tmp_path, cwd=tmp_path)
    (built,) = tmp_path.glob("moca_dm-*.whl")
    with ZipFile(wheel) as ours, ZipFile(built) as its:
        assert sorted(its.namelist()) == sorted(ours.namelist())


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        return
    target.parent.mkdir(exist_ok=True)
    shutil.copy(source, target)


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        packed = {each for each in archive.namelist() if each.startswith("moca/")}
    files = {
        path.relative_to(ROOT)
        for package in ("moca", "actors")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    files |= {Path("config", f"{name}.toml") for name in ("moca", "production", "rules")}
    home = Path("moca", "_packages")
    assert packed == {str(each if each.parts[0] == "moca" else home / each) for each in files}


@pytest.mark.parametrize("name", [("moca",), ("python", "-m", "moca")])
def test_a_command_names_its_version_and_its_commands(
    commands: Path, make: Callable[[dict[str, Any]], Service], wheel: Path, name: tuple[str, ...]
) -> None:
    moca = make({})
    moca.program = (commands / name[0], *name[1:])
    version = moca.command("--version")
    assert (version.stdout, version.stderr) == (f"moca {wheel.name.split('-')[1]}\n", "")
    shown = moca.command("--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith(f"Usage: {' '.join(name)} [OPTIONS] [COMMAND]")
    assert {"backup", "doctor", "restore"} <= set(shown.stdout.split())


def test_a_checkout_names_the_version_of_the_wheel(
    make: Callable[[dict[str, Any]], Service], wheel: Path
) -> None:
    assert make({}).command("--version").stdout == f"moca {wheel.name.split('-')[1]}\n"


def test_processes_that_it_starts_find_its_own_actors(commands: Path, tmp_path: Path) -> None:
    run(commands / "python", "-c", IMPORT_IN_CHILD, cwd=tmp_path)


def test_an_installed_moca_answers_and_is_backed_up_and_restored(
    commands: Path, make: Callable[[dict[str, Any]], Service]
) -> None:
    moca = make(BRISK)
    moca.program = (commands / "moca",)
    moca.start()
    answer = moca.post(WEBHOOK, SAMPLE, signed(SAMPLE, "sandbox-app-secret"))
    assert (answer.status_code, answer.text) == (200, "EVENT_RECEIVED")
    eventually(lambda: moca.outcome("message_id_789") == "answered")
    assert replies(moca) == [(REPLY, "sent")]
    data = moca.path / ".local" / "share" / "moca"
    assert f"Database: {data}/moca.db (a new file; " in moca.said()
    assert {"moca.db", "moca.db.token"} & {each.name for each in data.iterdir()} == {"moca.db"}
    doctor = moca.command("doctor")
    assert (doctor.returncode, doctor.stderr) == (0, ""), doctor.stdout
    assert moca.command("backup", "today.backup").returncode == 0
    assert moca.stop() == 0

    moca.settings["database.url"] = "sqlite:///restored.db"
    restored = moca.command("restore", "today.backup")
    assert (restored.returncode, restored.stderr) == (0, "")
    journey = moca.command("journey", "message_id_789")
    assert (journey.returncode, journey.stderr) == (0, "")
    assert journey.stdout.endswith("outcome: answered\n")
