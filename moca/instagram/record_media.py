from typing import Annotated

from pydantic import AliasPath, Field, OnErrorOmit

from moca.core.content.attachments import Attachment, Received, Story
from moca.instagram.payload import Flag, Mid, Otherwise, Shape, Text

PLAIN_FIELDS = "id,created_time,from,to,message"
MEDIA_FIELDS = (
    "is_unsupported,attachments{mime_type,name,image_data,video_data,file_url},"
    "shares{link,name,id},story"
)
"""Asked for beside the plain ones where Instagram knows them."""


class _Media(Shape):
    """An attachment as the Conversations API tells it: what it is stands in where its link is."""

    mime_type: Text = ""
    name: Text = ""
    file_url: Text = ""
    image: Annotated[Text, Field(validation_alias=AliasPath("image_data", "url"))] = ""
    video: Annotated[Text, Field(validation_alias=AliasPath("video_data", "url"))] = ""

    def seen(self) -> Attachment:
        """See it as a webhook would have told it."""
        url = self.image or self.video or self.file_url
        return Attachment(type=self._type(), url=url or None, title=self.name)

    def _type(self) -> str:
        if self.image:
            return "image"
        if self.video:
            return "video"
        kind = self.mime_type.partition("/")[0]
        return kind if kind in ("image", "video", "audio") else "file"


class _Share(Shape):
    link: Text = ""
    name: Text = ""
    id: Mid = None

    def seen(self) -> Attachment:
        """See it as a webhook would have told it."""
        url = self.link or None
        return Attachment(type="share", url=url, title=self.name, id=self.id)


class _Linked(Shape):
    link: Text = ""
    id: Mid = None


class _Story(Shape):
    mention: Annotated[_Linked | None, Otherwise(None)] = None
    reply_to: Annotated[_Linked | None, Otherwise(None)] = None


class _Medias(Shape):
    data: tuple[OnErrorOmit[_Media], ...] = ()


class _Shares(Shape):
    data: tuple[OnErrorOmit[_Share], ...] = ()


class RecordedMedia(Shape):
    """What goes with a text in Instagram's record, as far as it is told."""

    is_unsupported: Flag = False
    attachments: Annotated[_Medias, Otherwise(_Medias())] = _Medias()
    shares: Annotated[_Shares, Otherwise(_Shares())] = _Shares()
    story: Annotated[_Story, Otherwise(_Story())] = _Story()

    def as_received(self) -> Received | None:
        """See it as a webhook would have told it; None for nothing."""
        shown = [each.seen() for each in self.attachments.data]
        shown += [each.seen() for each in self.shares.data]
        if self.story.mention is not None:
            url = self.story.mention.link or None
            shown.append(Attachment(type="story_mention", url=url))
        told = Received(attachments=tuple(shown), story=self._answered())
        return None if told == Received() else told

    def _answered(self) -> Story | None:
        told = self.story.reply_to
        return None if told is None else Story(id=told.id, url=told.link or None)
