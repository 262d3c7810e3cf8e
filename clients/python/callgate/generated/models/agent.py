from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Agent")


@_attrs_define
class Agent:
    """Somebody who can hold a conversation.

    Example:
        {'available': True, 'description': '…', 'key': 'akylai', 'languages': ['ky', 'ru'], 'name': 'AkylAI', 'test':
            True}

    Attributes:
        key (str): What `agent` of a new call holds.
        name (str): What people call it.
        description (str): What it is for.
        languages (list[str]): The languages it speaks.
        available (bool): Whether calls with it can be placed now.
        test (bool): Simulated: never dials.
    """

    key: str
    name: str
    description: str
    languages: list[str]
    available: bool
    test: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        key = self.key

        name = self.name

        description = self.description

        languages = self.languages

        available = self.available

        test = self.test

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "key": key,
                "name": name,
                "description": description,
                "languages": languages,
                "available": available,
                "test": test,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        key = d.pop("key")

        name = d.pop("name")

        description = d.pop("description")

        languages = cast(list[str], d.pop("languages"))

        available = d.pop("available")

        test = d.pop("test")

        agent = cls(
            key=key,
            name=name,
            description=description,
            languages=languages,
            available=available,
            test=test,
        )

        agent.additional_properties = d
        return agent

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
