from typing import Annotated

from pydantic import AliasPath, Field, OnErrorOmit

from moca.core.content.attachments import Attachment, ReceivedContent, Story
from moca.instagram.payload import DefaultOnError, Flag, Mid, PayloadModel, Text

PLAIN_FIELDS = "id,created_time,from,to,message"
MEDIA_FIELDS = (
    "is_unsupported,attachments{mime_type,name,image_data,video_data,file_url},"
    "shares{link,name,id},story"
)
"""Requested beside the plain fields if Instagram supports them."""


class _Media(PayloadModel):
    """An attachment as the Conversations API returns it: the key of its link is its type."""

    mime_type: Text = ""
    name: Text = ""
    file_url: Text = ""
    image: Annotated[Text, Field(validation_alias=AliasPath("image_data", "url"))] = ""
    video: Annotated[Text, Field(validation_alias=AliasPath("video_data", "url"))] = ""

    def seen(self) -> Attachment:
        """Return it in the shape of a webhook."""
        url = self.image or self.video or self.file_url
        return Attachment(type=self._type(), url=url or None, title=self.name)

    def _type(self) -> str:
        if self.image:
            return "image"
        if self.video:
            return "video"
        kind = self.mime_type.partition("/")[0]
        return kind if kind in ("image", "video", "audio") else "file"


class _Share(PayloadModel):
    link: Text = ""
    name: Text = ""
    id: Mid = None

    def seen(self) -> Attachment:
        """Return it in the shape of a webhook."""
        url = self.link or None
        return Attachment(type="share", url=url, title=self.name, id=self.id)


class _Linked(PayloadModel):
    link: Text = ""
    id: Mid = None


class _Story(PayloadModel):
    mention: Annotated[_Linked | None, DefaultOnError(None)] = None
    reply_to: Annotated[_Linked | None, DefaultOnError(None)] = None


class _Medias(PayloadModel):
    data: tuple[OnErrorOmit[_Media], ...] = ()


class _Shares(PayloadModel):
    data: tuple[OnErrorOmit[_Share], ...] = ()


class RecordedMedia(PayloadModel):
    """The content beside a text in Instagram's record, as far as it is provided."""

    is_unsupported: Flag = False
    attachments: Annotated[_Medias, DefaultOnError(_Medias())] = _Medias()
    shares: Annotated[_Shares, DefaultOnError(_Shares())] = _Shares()
    story: Annotated[_Story, DefaultOnError(_Story())] = _Story()

    def as_received(self) -> ReceivedContent | None:
        """Return it in the shape of a webhook; None if there is no content."""
        shown = [each.seen() for each in self.attachments.data]
        shown += [each.seen() for each in self.shares.data]
        if self.story.mention is not None:
            url = self.story.mention.link or None
            shown.append(Attachment(type="story_mention", url=url))
        received = ReceivedContent(attachments=tuple(shown), story=self._answered())
        return None if received == ReceivedContent() else received

    def _answered(self) -> Story | None:
        received = self.story.reply_to
        return None if received is None else Story(id=received.id, url=received.link or None)
