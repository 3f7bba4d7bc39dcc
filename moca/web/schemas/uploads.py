from typing import Annotated

from flask_openapi3.models.file import FileStorage
from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field
from werkzeug.datastructures import FileStorage as UploadedFile

from moca.core.content.uploads import MAX_IMAGE_BYTES, MAX_UPLOAD_BYTES
from moca.web.schemas.base import SchemaModel
from moca.web.schemas.responses import ResponseModel


def _is_file(value: object) -> object:
    if not isinstance(value, UploadedFile) or not value.filename:
        raise ValueError("must be a file")
    return value


UploadId = Annotated[int, Field(strict=True, ge=1, le=2**63 - 1)]


class UploadForm(SchemaModel):
    """A form with a file, as `multipart/form-data`."""

    model_config = ConfigDict(extra="forbid")

    file: Annotated[FileStorage, AfterValidator(_is_file)] = Field(
        description=f"An image (PNG, JPEG) of up to {MAX_IMAGE_BYTES // 1_000_000} MB, or a video "
        "(MP4, MOV, WebM, Ogg, AVI), audio (AAC, M4A, WAV) or PDF of up to "
        f"{MAX_UPLOAD_BYTES // 1_000_000} MB. Its bytes decide what it is."
    )


class UploadShape(ResponseModel):
    """A file that waits to be sent."""

    id: int = Field(description="The upload of a reply or saved reply.")
    media: str = Field(description="One of image, video, audio, file.")
    mime_type: str
    name: str
    size: int = Field(description="In bytes.")
    expires_at: AwareDatetime = Field(description="When it is deleted unless it is used.")


class AttachedFileShape(ResponseModel):
    """A file that is sent with a saved reply."""

    media: str = Field(description="One of image, video, audio, file.")
    mime_type: str
    name: str
    size: int = Field(description="In bytes.")
