import pytest

from moca.core.content.uploads import (
    MAX_IMAGE_BYTES,
    MAX_UPLOAD_BYTES,
    fault_in_upload,
    type_of_upload,
    upload_name,
)

WRONG_TYPE = (
    "Instagram does not accept this type of file. Attach a PNG or JPEG image, an MP4, MOV, WebM, "
    "Ogg or AVI video, AAC, M4A or WAV audio, or a PDF."
)


@pytest.mark.parametrize(
    ("head", "mime_type", "suffix"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png", ".png"),
        (b"\xff\xd8\xff\xe1....Exif", "image/jpeg", ".jpg"),
        (b"\x00\x00\x00\x18ftypmp42", "video/mp4", ".mp4"),
        (b"\x00\x00\x00\x18ftypqt  ", "video/quicktime", ".mov"),
        (b"\x00\x00\x00\x18ftypM4A ", "audio/mp4", ".m4a"),
        (b"RIFF....WAVEfmt ", "audio/wav", ".wav"),
        (b"RIFF....AVI LIST", "video/x-msvideo", ".avi"),
        (b"\x1aE\xdf\xa3....B\x82\x84webm", "video/webm", ".webm"),
        (b"OggS" + bytes(24) + b"\x80theora", "video/ogg", ".ogg"),
        (b"\xff\xf1P\x80", "audio/aac", ".aac"),
        (b"%PDF-1.4", "application/pdf", ".pdf"),
    ],
)
def test_the_type_is_what_the_bytes_show(head: bytes, mime_type: str, suffix: str) -> None:
    found = type_of_upload(head)

    assert found is not None
    assert (found.mime_type, found.suffix) == (mime_type, suffix)


@pytest.mark.parametrize(
    "head",
    [
        b"<!doctype html><script>alert(1)</script>",
        b'<svg xmlns="http://www.w3.org/2000/svg">',
        b"GIF89a",
        b"MZ\x90\x00",
        b"PK\x03\x04",
        b"\x1aE\xdf\xa3....matroska",
        b"OggS" + bytes(24) + b"OpusHead",
        b"\x00\x00\x00\x18ftypheic",
        b" %PDF-1.4",
        b"RIFF",
        b"",
    ],
)
def test_what_instagram_does_not_take_has_no_type(head: bytes) -> None:
    assert type_of_upload(head) is None


@pytest.mark.parametrize(
    ("head", "size", "fault"),
    [
        (b"\xff\xd8\xff", MAX_IMAGE_BYTES, None),
        (
            b"\xff\xd8\xff",
            MAX_IMAGE_BYTES + 1,
            "The file is too large: Instagram accepts images of up to 8 MB.",
        ),
        (b"%PDF-", MAX_UPLOAD_BYTES, None),
        (
            b"%PDF-",
            MAX_UPLOAD_BYTES + 1,
            "The file is too large: Instagram accepts PDFs of up to 25 MB.",
        ),
        (b"", 0, "The file is empty."),
        (b"<html>", 6, WRONG_TYPE),
    ],
)
def test_a_file_is_refused_with_what_would_be_accepted(
    head: bytes, size: int, fault: str | None
) -> None:
    assert fault_in_upload(head, size) == fault


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("photo.png", "photo.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\pictures\\cat.png", "cat.png"),
        ("a\x00b\nc\u202egnp.exe", "abcgnp.exe"),
        ("..", "attachment.png"),
        ("", "attachment.png"),
        (None, "attachment.png"),
        ("x" * 300, "x" * 120),
    ],
)
def test_a_name_keeps_nothing_but_its_last_part(given: str | None, shown: str) -> None:
    assert upload_name(given, ".png") == shown
