"""The versions that pip may install beside Moca."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
REQUIRED = {each.name: each.specifier for each in map(Requirement, PROJECT["dependencies"])}
FLAWED = {
    "cryptography": "49.0.0",
    "flask": "3.1.2",
    "jinja2": "3.1.5",
    "requests": "2.32.3",
    "urllib3": "2.6.2",
    "werkzeug": "3.1.5",
}
"""The newest versions with a known vulnerability that was fixed later."""
WITHOUT_COMPATIBILITY_IN_THEIR_NUMBERS = (
    *("argon2-cffi", "cryptography", "regex", "structlog", "tzdata"),
)


@pytest.mark.parametrize(("name", "version"), FLAWED.items())
def test_a_version_with_a_known_flaw_is_not_installed(name: str, version: str) -> None:
    assert not REQUIRED[name].contains(version)


@pytest.mark.parametrize("name", WITHOUT_COMPATIBILITY_IN_THEIR_NUMBERS)
def test_no_cap_shuts_out_the_next_fix_of_what_is_numbered_by_date_or_release(name: str) -> None:
    assert REQUIRED[name].contains("9999.1")


def test_every_dependency_is_pinned_to_a_version_that_its_range_allows() -> None:
    lines = (ROOT / "config" / "constraints.txt").read_text().splitlines()[1:]
    pinned = dict(line.split(";")[0].strip().split("==") for line in lines)
    versions = {canonicalize_name(name): version for name, version in pinned.items()}
    extras = PROJECT["optional-dependencies"].values()
    declared = [Requirement(each) for group in (PROJECT["dependencies"], *extras) for each in group]
    ranges = {canonicalize_name(each.name): each.specifier for each in declared}
    unpinned = {"moca-dm", "setuptools"}
    assert ranges.keys() - versions.keys() <= unpinned
    assert [name for name in ranges.keys() - unpinned if versions[name] not in ranges[name]] == []
