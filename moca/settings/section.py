from pydantic import BaseModel, ConfigDict, SecretStr

NO_SECRET = SecretStr("")


class Section(BaseModel):
    """A table of the settings file; unknown keys are an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
