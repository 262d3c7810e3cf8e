from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

from ..models.problem_errors_item_code import ProblemErrorsItemCode

T = TypeVar("T", bound="ProblemErrorsItem")


@_attrs_define
class ProblemErrorsItem:
    """
    Attributes:
        pointer (str): A JSON pointer into the body; empty for the body itself.
        code (ProblemErrorsItemCode): What is wrong.
        detail (str): The end of a sentence that begins with the field.
    """

    pointer: str
    code: ProblemErrorsItemCode
    detail: str

    def to_dict(self) -> dict[str, Any]:
        pointer = self.pointer

        code = self.code.value

        detail = self.detail

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "pointer": pointer,
                "code": code,
                "detail": detail,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        pointer = d.pop("pointer")

        code = ProblemErrorsItemCode(d.pop("code"))

        detail = d.pop("detail")

        problem_errors_item = cls(
            pointer=pointer,
            code=code,
            detail=detail,
        )

        return problem_errors_item
