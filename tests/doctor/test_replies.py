from pathlib import Path

from actors.doctor import run_doctor
from moca.settings.reader import read_settings
from moca.storage.db.connection import open_database
from moca.storage.db.upgrade import migrate


def test_a_rules_file_that_became_unusable_is_found_with_each_fault(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("[[rule]]\nnme = 'a'\n", encoding="utf-8")
    url = f"sqlite:///{tmp_path}/moca.db"
    database = open_database(url)
    migrate(database)
    database.close()
    settings = read_settings(
        None,
        {
            "MOCA_DATABASE__URL": url,
            "MOCA_REPLIES__GENERATOR": "rules",
            "MOCA_REPLIES__RULES__FILE": str(rules),
            "MOCA_SERVER__PORT": "1",
        },
    )

    (finding,) = [each for each in run_doctor(settings) if each.name == "replies"]

    assert not finding.is_fine
    assert str(rules) in finding.text
