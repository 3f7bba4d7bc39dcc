"""What the files in config/ and the ignore rules let a deployment do."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
UNITS = {"moca.service": "config/moca.service", "moca@1.service": "config/deploy/moca@.service"}
COMPOSE = yaml.safe_load((ROOT / "config/deploy/compose.yml").read_text())
ONE_NODE = yaml.safe_load((ROOT / "config/compose.yml").read_text())
NODES = ("node1", "node2", "node3")
MOST_EXPOSURE = 1.9


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None and "CI" not in os.environ,
    reason="only Linux with systemd can judge a unit; CI installs it",
)
@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_little_that_a_unit_leaves_open(name: str, tmp_path: Path) -> None:
    unit = tmp_path / name
    shutil.copy(ROOT / UNITS[name], unit)
    threshold = f"--threshold={MOST_EXPOSURE * 10:.0f}"
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", threshold, unit],
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout + judged.stderr


@pytest.mark.parametrize("path", UNITS.values())
def test_a_unit_makes_files_for_its_own_user_alone(path: str) -> None:
    lines = (ROOT / path).read_text().splitlines()
    assert "UMask=0077" in lines
    assert ("StateDirectory=moca" in lines) == ("StateDirectoryMode=0700" in lines)


@pytest.mark.parametrize("service", [*COMPOSE["services"], "moca"])
def test_a_container_has_no_right_that_it_does_not_need(service: str) -> None:
    told = (COMPOSE["services"] | ONE_NODE["services"])[service]
    is_ours = service in (*NODES, "moca")
    assert told["cap_drop"] == ["ALL"]
    assert told["security_opt"] == ["no-new-privileges:true"]
    assert {"mem_limit", "pids_limit"} <= set(told)
    assert told.get("read_only", False) == is_ours
    assert ("cap_add" in told) == (not is_ours)


def test_one_node_keeps_what_it_writes_and_only_this_machine_reaches_it() -> None:
    told = ONE_NODE["services"]["moca"]
    assert [port.split(":")[0] for port in told["ports"]] == ["127.0.0.1"]
    assert told["volumes"] == ["data:/var/lib/moca"]
    assert told["build"] == {"context": "..", "dockerfile": "config/Dockerfile"}


def test_only_this_machine_reaches_the_nodes_and_only_nodes_reach_what_they_share() -> None:
    services = COMPOSE["services"]
    ports = [port for each in services.values() for port in each.get("ports", ())]
    assert [port.split(":")[0] for port in ports] == ["127.0.0.1"] * len(NODES)
    assert {name for name, each in services.items() if each["networks"] == ["backend"]} == {
        "postgresql",
        "rabbitmq",
    }
    assert COMPOSE["networks"] == {"backend": {"internal": True}}


@pytest.mark.parametrize("path", [".env", "config/deploy/.env", "build/x", "dist/x", "moca.db.key"])
def test_secrets_and_what_is_built_are_not_committed(path: str) -> None:
    asked = ["git", "-C", str(ROOT), "check-ignore", "-q", path]
    assert subprocess.run(asked, check=False).returncode == 0


def test_no_secret_beside_the_sources_is_sent_to_a_builder() -> None:
    rules = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert rules[0] == "*"
    sent = [rule[1:] for rule in rules if rule.startswith("!")]
    assert {each for each in sent if each.startswith("config")} == {
        "config/*.toml",
        "config/constraints.txt",
        "config/deploy/node.toml",
    }
    assert "**/.env" in rules
