from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar
from uuid import UUID

from attrs import define as _attrs_define

T = TypeVar("T", bound="CreatedCall")


@_attrs_define
class CreatedCall:
    """The id of an accepted call.

    Example:
        {'call_id': '019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d'}

    Attributes:
        call_id (UUID): The only id of the call a client needs.
    """

    call_id: UUID

    def to_dict(self) -> dict[str, Any]:
        call_id = str(self.call_id)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "call_id": call_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        call_id = UUID(d.pop("call_id"))

        created_call = cls(
            call_id=call_id,
        )

        return created_call
