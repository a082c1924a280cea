"""The S3 side of a look: the cloud's one bucket, its settings, what lies in it, and the try at using it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from clouds.facts import Bucket, Contents
from workers.aws import replies
from workers.aws.looks import Ask, Looks

PAGE = 1000


@dataclass
class BucketLook:
    """What was found so far of a bucket that is known by name."""

    looks: Looks
    name: str
    account_id: str
    region: str = ""
    parts: dict[str, Any] = field(default_factory=dict)

    def place(self) -> list[Ask]:
        """Whether it is there, and where."""
        return [self._location]

    def settings(self, names: Iterable[str]) -> list[Ask]:
        """How it is set up, and whose it is."""
        return [partial(self._setting, name) for name in names]

    def contents(self) -> list[Ask]:
        """The first page of what lies in it."""
        return [self._objects, self._uploads]

    def found(self) -> Bucket | None:
        """The bucket, or None when it is not there."""
        if not self.region:
            return None
        parts = {name: value for name, value in self.parts.items() if name in _SETTINGS}
        return Bucket(name=self.name, region=self.region, contents=self._contents(), **parts)

    def _contents(self) -> Contents | None:
        objects, uploads = self.parts.get("objects"), self.parts.get("uploads")
        if objects is None or uploads is None:
            return None
        return Contents(
            objects=replies.stored_objects(objects),
            uploads=replies.uploads(uploads),
            truncated=bool(objects.get("IsTruncated") or uploads.get("IsTruncated")),
        )

    def _location(self) -> None:
        # Names are global: a bucket of another account must look like one that we may not see.
        reply = self._ask("s3:HeadBucket", ExpectedBucketOwner=self.account_id)
        if reply is not None:
            self.region = reply["BucketRegion"]

    def _setting(self, name: str) -> None:
        action, read = _SETTINGS[name]
        reply = self._ask(action)
        if reply is not None:
            self.parts[name] = read(reply)

    def _objects(self) -> None:
        self.parts["objects"] = self._ask("s3:ListObjectVersions", MaxKeys=PAGE)

    def _uploads(self) -> None:
        self.parts["uploads"] = self._ask("s3:ListMultipartUploads", MaxUploads=PAGE)

    def _ask(self, action: str, **more: object) -> Mapping[str, Any] | None:
        return self.looks.one(action, {"Bucket": self.name, **more}, subject=self.name)


_SETTINGS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Any]]] = {
    "tags": ("s3:GetBucketTagging", replies.tags),
    "public_access": ("s3:GetPublicAccessBlock", replies.public_access),
    "encryption": ("s3:GetBucketEncryption", replies.encryption),
    "cors": ("s3:GetBucketCors", replies.cors_rules),
    "policy": ("s3:GetBucketPolicy", lambda reply: replies.document(reply["Policy"])),
}
SETTINGS = tuple(name for name in _SETTINGS if name != "tags")
