from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.retry_on import RetryOn
from ..types import UNSET, Unset

T = TypeVar("T", bound="NewRetry")


@_attrs_define
class NewRetry:
    """A plan for further tries. Whoever declined, or asked not to be called again, is not tried again.

    Example:
        {'delays_s': [300, 3600], 'max': 2, 'on': ['no_answer', 'busy']}

    Attributes:
        on (list[RetryOn]): Which ends are followed by another try; each word once.
        max_ (int): The most further tries.
        delays_s (list[int] | None | Unset): Seconds to wait before each further try, at most `max` of them; the last
            one serves for all beyond the list. 900 where it is left out.
    """

    on: list[RetryOn]
    max_: int
    delays_s: list[int] | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        on = []
        for on_item_data in self.on:
            on_item = on_item_data.value
            on.append(on_item)

        max_ = self.max_

        delays_s: list[int] | None | Unset
        if isinstance(self.delays_s, Unset):
            delays_s = UNSET
        elif isinstance(self.delays_s, list):
            delays_s = self.delays_s

        else:
            delays_s = self.delays_s

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "on": on,
                "max": max_,
            }
        )
        if delays_s is not UNSET:
            field_dict["delays_s"] = delays_s

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        on = []
        _on = d.pop("on")
        for on_item_data in _on:
            on_item = RetryOn(on_item_data)

            on.append(on_item)

        max_ = d.pop("max")

        def _parse_delays_s(data: object) -> list[int] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                delays_s_type_0 = cast(list[int], data)

                return delays_s_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[int] | None | Unset, data)

        delays_s = _parse_delays_s(d.pop("delays_s", UNSET))

        new_retry = cls(
            on=on,
            max_=max_,
            delays_s=delays_s,
        )

        return new_retry
