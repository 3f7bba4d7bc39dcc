from dataclasses import dataclass, field
from datetime import timedelta

from moca.core.content.content import Content, Media
from moca.core.content.splitting import parts_of

MAX_UPLOAD_BYTES = 25_000_000
"""Of a video, an audio clip or a PDF; Instagram's limit."""
MAX_IMAGE_BYTES = 8_000_000
UPLOAD_HEAD_BYTES = 64
"""How much of a file tells its type."""
MAX_UPLOAD_NAME_LENGTH = 120
UNUSED_UPLOAD_LASTS = timedelta(hours=1)
"""How long a file that was uploaded waits for the message that sends it."""
ACCEPTED_UPLOADS = (
    "a PNG or JPEG image, an MP4, MOV, WebM, Ogg or AVI video, AAC, M4A or WAV audio, or a PDF"
)


@dataclass(frozen=True, slots=True)
class UploadType:
    """A type of file that Instagram accepts."""

    media: str
    """`image`, `video`, `audio` or `file`."""
    mime_type: str
    suffix: str

    @property
    def max_bytes(self) -> int:
        """Return the size that Instagram still accepts."""
        return MAX_IMAGE_BYTES if self.media == "image" else MAX_UPLOAD_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUpload:
    """A file in the uploads folder that a message or a saved reply takes over."""

    token: str = field(repr=False)
    """The unguessable part of the address at which Instagram fetches it."""
    file: str
    """Its name in the folder."""
    name: str = field(repr=False)
    """Its name on the computer that it came from."""
    type: UploadType
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedFile:
    """A file that a reply sends as its last message."""

    media: Media
    upload: StoredUpload | int
    """The file, or the id of an upload that is stored already."""


def parts_with_file(content: Content, attachment: AttachedFile | None) -> tuple[Content, ...]:
    """Return the messages of a reply: those of its content, unless it is empty, then the file."""
    if attachment is None:
        return parts_of(content)
    before = () if content == Content() else parts_of(content)
    return (*before, Content(media=attachment.media))


_PNG = UploadType("image", "image/png", ".png")
_JPEG = UploadType("image", "image/jpeg", ".jpg")
_WEBM = UploadType("video", "video/webm", ".webm")
_OGG = UploadType("video", "video/ogg", ".ogg")
_AVI = UploadType("video", "video/x-msvideo", ".avi")
_MOV = UploadType("video", "video/quicktime", ".mov")
_MP4 = UploadType("video", "video/mp4", ".mp4")
_M4A = UploadType("audio", "audio/mp4", ".m4a")
_WAV = UploadType("audio", "audio/wav", ".wav")
_AAC = UploadType("audio", "audio/aac", ".aac")
_PDF = UploadType("file", "application/pdf", ".pdf")

_STARTS = (
    (b"\x89PNG\r\n\x1a\n", _PNG),
    (b"\xff\xd8\xff", _JPEG),
    (b"%PDF-", _PDF),
    (b"\xff\xf1", _AAC),
    (b"\xff\xf9", _AAC),
)
_RIFF = {b"WAVE": _WAV, b"AVI ": _AVI}
_BRANDS = {b"qt  ": _MOV, b"M4A ": _M4A, b"M4B ": _M4A}
_VIDEO_BRANDS = frozenset(
    (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"MSNV")
)


def type_of_upload(head: bytes) -> UploadType | None:
    """Return the type that a file's first bytes show, or None if Instagram takes no such file.

    Neither the file's name nor what its sender says of it matters.
    """
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return _BRANDS.get(brand) or (_MP4 if brand in _VIDEO_BRANDS else None)
    if head[:4] == b"\x1aE\xdf\xa3":
        return _WEBM if b"webm" in head else None
    if head[:4] == b"OggS":
        return _OGG if b"theora" in head else None
    return next((type_ for start, type_ in _STARTS if head.startswith(start)), None)


def fault_in_upload(head: bytes, size: int) -> str | None:
    """Return why a file cannot be sent, or None."""
    found = type_of_upload(head)
    if not size:
        return "The file is empty."
    if found is None:
        return f"Instagram does not accept this type of file. Attach {ACCEPTED_UPLOADS}."
    if size > found.max_bytes:
        most = found.max_bytes // 1_000_000
        return f"The file is too large: Instagram accepts {_NAMES[found.media]} of up to {most} MB."
    return None


_NAMES = {"image": "images", "video": "videos", "audio": "audio", "file": "PDFs"}


def upload_name(given: str | None, suffix: str) -> str:
    """Return a file's name for display, without its folder and what no name holds."""
    last = (given or "").replace("\\", "/").rpartition("/")[2]
    name = "".join(each for each in last if each.isprintable()).strip(". ")
    return name[:MAX_UPLOAD_NAME_LENGTH] or f"attachment{suffix}"


def upload_path(token: str, suffix: str) -> str:
    """Return the path at which Instagram fetches a file."""
    return f"/uploads/{token}{suffix}"
