from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.new_call_metadata_type_0 import NewCallMetadataType0
    from ..models.new_call_variables_type_0 import NewCallVariablesType0
    from ..models.new_retry import NewRetry
    from ..models.new_schedule import NewSchedule


T = TypeVar("T", bound="NewCall")


@_attrs_define
class NewCall:
    """What a client wishes for.

    Example:
        {'agent': 'akylai', 'phone': '+996700000000'}

    Attributes:
        phone (str): An international number. Spaces, dashes, brackets and a leading `00` are normalised to E.164; no
            country is
            guessed.
        agent (str): The key of a public agent: `GET /v1/agents` lists them.
        reference (None | str | Unset): The client's own id for this call; lists can be searched by it.
        variables (NewCallVariablesType0 | None | Unset): Handed to the agent's conversation: up to 50 entries and 16
            KiB.
        metadata (NewCallMetadataType0 | None | Unset): Stored and returned unchanged, never sent to whoever carries the
            call: up to 50 entries and 16 KiB.
        schedule (NewSchedule | None | Unset):
        retry (NewRetry | None | Unset):
        max_duration (int | None | Unset): Hang up after so many seconds; at most the agent's own limit, which also
            holds where this is left out.
    """

    phone: str
    agent: str
    reference: None | str | Unset = UNSET
    variables: NewCallVariablesType0 | None | Unset = UNSET
    metadata: NewCallMetadataType0 | None | Unset = UNSET
    schedule: NewSchedule | None | Unset = UNSET
    retry: NewRetry | None | Unset = UNSET
    max_duration: int | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.new_call_metadata_type_0 import NewCallMetadataType0
        from ..models.new_call_variables_type_0 import NewCallVariablesType0
        from ..models.new_retry import NewRetry
        from ..models.new_schedule import NewSchedule

        phone = self.phone

        agent = self.agent

        reference: None | str | Unset
        if isinstance(self.reference, Unset):
            reference = UNSET
        else:
            reference = self.reference

        variables: dict[str, Any] | None | Unset
        if isinstance(self.variables, Unset):
            variables = UNSET
        elif isinstance(self.variables, NewCallVariablesType0):
            variables = self.variables.to_dict()
        else:
            variables = self.variables

        metadata: dict[str, Any] | None | Unset
        if isinstance(self.metadata, Unset):
            metadata = UNSET
        elif isinstance(self.metadata, NewCallMetadataType0):
            metadata = self.metadata.to_dict()
        else:
            metadata = self.metadata

        schedule: dict[str, Any] | None | Unset
        if isinstance(self.schedule, Unset):
            schedule = UNSET
        elif isinstance(self.schedule, NewSchedule):
            schedule = self.schedule.to_dict()
        else:
            schedule = self.schedule

        retry: dict[str, Any] | None | Unset
        if isinstance(self.retry, Unset):
            retry = UNSET
        elif isinstance(self.retry, NewRetry):
            retry = self.retry.to_dict()
        else:
            retry = self.retry

        max_duration: int | None | Unset
        if isinstance(self.max_duration, Unset):
            max_duration = UNSET
        else:
            max_duration = self.max_duration

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "phone": phone,
                "agent": agent,
            }
        )
        if reference is not UNSET:
            field_dict["reference"] = reference
        if variables is not UNSET:
            field_dict["variables"] = variables
        if metadata is not UNSET:
            field_dict["metadata"] = metadata
        if schedule is not UNSET:
            field_dict["schedule"] = schedule
        if retry is not UNSET:
            field_dict["retry"] = retry
        if max_duration is not UNSET:
            field_dict["max_duration"] = max_duration

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.new_call_metadata_type_0 import NewCallMetadataType0
        from ..models.new_call_variables_type_0 import NewCallVariablesType0
        from ..models.new_retry import NewRetry
        from ..models.new_schedule import NewSchedule

        d = dict(src_dict)
        phone = d.pop("phone")

        agent = d.pop("agent")

        def _parse_reference(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reference = _parse_reference(d.pop("reference", UNSET))

        def _parse_variables(data: object) -> NewCallVariablesType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                variables_type_0 = NewCallVariablesType0.from_dict(data)

                return variables_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(NewCallVariablesType0 | None | Unset, data)

        variables = _parse_variables(d.pop("variables", UNSET))

        def _parse_metadata(data: object) -> NewCallMetadataType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                metadata_type_0 = NewCallMetadataType0.from_dict(data)

                return metadata_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(NewCallMetadataType0 | None | Unset, data)

        metadata = _parse_metadata(d.pop("metadata", UNSET))

        def _parse_schedule(data: object) -> NewSchedule | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                schedule_type_0 = NewSchedule.from_dict(data)

                return schedule_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(NewSchedule | None | Unset, data)

        schedule = _parse_schedule(d.pop("schedule", UNSET))

        def _parse_retry(data: object) -> NewRetry | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                retry_type_0 = NewRetry.from_dict(data)

                return retry_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(NewRetry | None | Unset, data)

        retry = _parse_retry(d.pop("retry", UNSET))

        def _parse_max_duration(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_duration = _parse_max_duration(d.pop("max_duration", UNSET))

        new_call = cls(
            phone=phone,
            agent=agent,
            reference=reference,
            variables=variables,
            metadata=metadata,
            schedule=schedule,
            retry=retry,
            max_duration=max_duration,
        )

        return new_call
