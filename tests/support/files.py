"""Files as operators attach them, and how they are stored."""

from io import BytesIO

from moca.core.content.content import Media
from moca.core.content.uploads import AttachedFile, StoredUpload, type_of_upload, upload_path
from moca.uploads.folder import UploadFolder
from tests.support.factory import at

PNG = b"\x89PNG\r\n\x1a\n" + bytes(56)
JPEG = b"\xff\xd8\xff\xe0" + bytes(60)
PDF = b"%PDF-1.7\n" + bytes(55)
MP4 = bytes(4) + b"ftypisom" + bytes(52)


def stored(
    content: bytes = PNG, token: str = "token-1", file: str = "file-1", name: str = "photo.png"
) -> StoredUpload:
    """Return an upload as the web hands it on."""
    found = type_of_upload(content)
    assert found is not None
    return StoredUpload(token=token, file=file, name=name, type=found, size=len(content))


def attached(upload: StoredUpload) -> AttachedFile:
    """Return the attachment of a reply that sends this upload."""
    url = f"https://moca.example{upload_path(upload.token, upload.type.suffix)}"
    return AttachedFile(media=Media(type=upload.type.media, url=url, is_upload=True), upload=upload)


def stored_in(
    folder: UploadFolder,
    content: bytes = PNG,
    token: str = "token-1",
    seconds: float = 0,
    **more: str,
) -> StoredUpload:
    """Write a file, and return its upload."""
    return stored(content, token, folder.store(BytesIO(content), at(seconds)), **more)


def files_in(folder: UploadFolder) -> set[str]:
    """Return the names of the files in the folder."""
    return {path.name for path in folder.path.iterdir()} if folder.path.exists() else set()
