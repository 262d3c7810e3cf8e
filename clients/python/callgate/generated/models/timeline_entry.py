from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.call_status import CallStatus
from ..models.timeline_by import TimelineBy
from ..models.timeline_what import TimelineWhat

T = TypeVar("T", bound="TimelineEntry")


@_attrs_define
class TimelineEntry:
    """One change of a call.

    Attributes:
        revision (int): The revision this change made.
        at (datetime.datetime): When, with six digits of a second.
        status (CallStatus): Where a call is. `completed`, `no_answer`, `busy`, `failed`, `canceled`, `expired` and
            `blocked` are terminal and final.
        what (TimelineWhat): What changed.
        by (TimelineBy): What caused a change.
        hash_ (str): `sha256:` and the SHA-256 in hex over the hash of the entry before (nothing for the first), the
            call's id, and this
            entry's revision, at, status, what and by, each as shown and with a line feed between; that of the last entry is
            the call's `history_head`.
    """

    revision: int
    at: datetime.datetime
    status: CallStatus
    what: TimelineWhat
    by: TimelineBy
    hash_: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        revision = self.revision

        at = self.at.isoformat()

        status = self.status.value

        what = self.what.value

        by = self.by.value

        hash_ = self.hash_

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "revision": revision,
                "at": at,
                "status": status,
                "what": what,
                "by": by,
                "hash": hash_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        revision = d.pop("revision")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        status = CallStatus(d.pop("status"))

        what = TimelineWhat(d.pop("what"))

        by = TimelineBy(d.pop("by"))

        hash_ = d.pop("hash")

        timeline_entry = cls(
            revision=revision,
            at=at,
            status=status,
            what=what,
            by=by,
            hash_=hash_,
        )

        timeline_entry.additional_properties = d
        return timeline_entry

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
