"""Every setting: read from a TOML file and the environment, checked all at once, shown masked."""

from moca.settings.problems import BadSettings
from moca.settings.reading import read_settings
from moca.settings.sections import Settings

__all__ = ["BadSettings", "Settings", "read_settings"]
