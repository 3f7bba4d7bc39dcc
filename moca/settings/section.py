from pydantic import BaseModel, ConfigDict, SecretStr

NO_SECRET = SecretStr("")


class Section(BaseModel):
    """A table of the settings file; a key it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
