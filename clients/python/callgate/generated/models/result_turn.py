from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.result_role import ResultRole
from ..types import UNSET, Unset

T = TypeVar("T", bound="ResultTurn")


@_attrs_define
class ResultTurn:
    """One turn of a reported conversation.

    Attributes:
        role (ResultRole): The words for who speaks: the first four are the agent, the others the user.
        text (str): What is said.
        start_ms (float | None | Unset): Milliseconds after the answer.
        end_ms (float | None | Unset): Milliseconds after the answer.
        index (Any | Unset): Its place; the order of the list is what counts.
    """

    role: ResultRole
    text: str
    start_ms: float | None | Unset = UNSET
    end_ms: float | None | Unset = UNSET
    index: Any | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        role = self.role.value

        text = self.text

        start_ms: float | None | Unset
        if isinstance(self.start_ms, Unset):
            start_ms = UNSET
        else:
            start_ms = self.start_ms

        end_ms: float | None | Unset
        if isinstance(self.end_ms, Unset):
            end_ms = UNSET
        else:
            end_ms = self.end_ms

        index = self.index

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "role": role,
                "text": text,
            }
        )
        if start_ms is not UNSET:
            field_dict["start_ms"] = start_ms
        if end_ms is not UNSET:
            field_dict["end_ms"] = end_ms
        if index is not UNSET:
            field_dict["index"] = index

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        role = ResultRole(d.pop("role"))

        text = d.pop("text")

        def _parse_start_ms(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        start_ms = _parse_start_ms(d.pop("start_ms", UNSET))

        def _parse_end_ms(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        end_ms = _parse_end_ms(d.pop("end_ms", UNSET))

        index = d.pop("index", UNSET)

        result_turn = cls(
            role=role,
            text=text,
            start_ms=start_ms,
            end_ms=end_ms,
            index=index,
        )

        return result_turn
