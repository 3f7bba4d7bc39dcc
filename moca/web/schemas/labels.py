from typing import Annotated

from pydantic import Field, StringConstraints

from moca.core.messages.labels import MAX_LABEL_LENGTH, LabelColour
from moca.web.schemas.base import SchemaModel
from moca.web.schemas.requests import RequestBody
from moca.web.schemas.responses import ResponseModel

_LabelName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=MAX_LABEL_LENGTH,
        pattern=r"^[^\x00-\x1f\x7f]+$",
    ),
    Field(description="Unique without regard to case."),
]


class LabelBody(RequestBody):
    """A new label."""

    name: _LabelName
    colour: LabelColour = LabelColour.GREY


class LabelPatch(RequestBody):
    """The changes to a label."""

    name: _LabelName | None = None
    colour: LabelColour | None = None


class LabelPath(SchemaModel):
    """The label in the path."""

    label_id: str = Field(description="ID of the label.")


class LabelShape(ResponseModel):
    """A word with a colour by which operators sort conversations."""

    id: int
    name: str
    colour: LabelColour


class LabelsShape(ResponseModel):
    """All labels, sorted by name."""

    items: tuple[LabelShape, ...]


class LabelRemovedShape(ResponseModel):
    """A removed label."""

    id: int
    removed: bool
