from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define

from ..models.event_type import EventType
from ..models.result_status import ResultStatus
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.call_result_extracted_type_0 import CallResultExtractedType0
    from ..models.result_turn import ResultTurn


T = TypeVar("T", bound="CallResult")


@_attrs_define
class CallResult:
    """The result of a call.

    Example:
        {'duration': 120, 'event_type': 'call.completed', 'provider_call_id': 'internal-provider-reference', 'status':
            'completed', 'transcript': 'agent: Hello\\nuser: Hi'}

    Attributes:
        event_type (EventType): What is reported.
        provider_call_id (str): The id that whoever placed the call knows it by.
        status (ResultStatus): How a call ended.
        transcript (None | str | Unset): `role: text` lines, kept byte for byte.
        duration (float | None | Unset): Seconds of conversation; a fraction is rounded.
        ended_reason (None | str | Unset): Why it ended; a word that is not known counts as `unknown`.
        turns (list[ResultTurn] | None | Unset): The transcript, taken apart.
        summary (None | str | Unset): The conversation in short.
        extracted (CallResultExtractedType0 | None | Unset): What the agent was asked to find out.
        opt_out (bool | None | Unset): The one called does not want to be called again.
        recording_url (None | str | Unset): Where the audio is; never shown to a client.
        connection (None | str | Unset): Whose id `provider_call_id` is, where several could have it.
        attempt_id (None | Unset | UUID): The gateway's own id of the attempt, echoed; it matches first.
    """

    event_type: EventType
    provider_call_id: str
    status: ResultStatus
    transcript: None | str | Unset = UNSET
    duration: float | None | Unset = UNSET
    ended_reason: None | str | Unset = UNSET
    turns: list[ResultTurn] | None | Unset = UNSET
    summary: None | str | Unset = UNSET
    extracted: CallResultExtractedType0 | None | Unset = UNSET
    opt_out: bool | None | Unset = UNSET
    recording_url: None | str | Unset = UNSET
    connection: None | str | Unset = UNSET
    attempt_id: None | Unset | UUID = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.call_result_extracted_type_0 import CallResultExtractedType0

        event_type = self.event_type.value

        provider_call_id = self.provider_call_id

        status = self.status.value

        transcript: None | str | Unset
        if isinstance(self.transcript, Unset):
            transcript = UNSET
        else:
            transcript = self.transcript

        duration: float | None | Unset
        if isinstance(self.duration, Unset):
            duration = UNSET
        else:
            duration = self.duration

        ended_reason: None | str | Unset
        if isinstance(self.ended_reason, Unset):
            ended_reason = UNSET
        else:
            ended_reason = self.ended_reason

        turns: list[dict[str, Any]] | None | Unset
        if isinstance(self.turns, Unset):
            turns = UNSET
        elif isinstance(self.turns, list):
            turns = []
            for turns_type_0_item_data in self.turns:
                turns_type_0_item = turns_type_0_item_data.to_dict()
                turns.append(turns_type_0_item)

        else:
            turns = self.turns

        summary: None | str | Unset
        if isinstance(self.summary, Unset):
            summary = UNSET
        else:
            summary = self.summary

        extracted: dict[str, Any] | None | Unset
        if isinstance(self.extracted, Unset):
            extracted = UNSET
        elif isinstance(self.extracted, CallResultExtractedType0):
            extracted = self.extracted.to_dict()
        else:
            extracted = self.extracted

        opt_out: bool | None | Unset
        if isinstance(self.opt_out, Unset):
            opt_out = UNSET
        else:
            opt_out = self.opt_out

        recording_url: None | str | Unset
        if isinstance(self.recording_url, Unset):
            recording_url = UNSET
        else:
            recording_url = self.recording_url

        connection: None | str | Unset
        if isinstance(self.connection, Unset):
            connection = UNSET
        else:
            connection = self.connection

        attempt_id: None | str | Unset
        if isinstance(self.attempt_id, Unset):
            attempt_id = UNSET
        elif isinstance(self.attempt_id, UUID):
            attempt_id = str(self.attempt_id)
        else:
            attempt_id = self.attempt_id

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "event_type": event_type,
                "provider_call_id": provider_call_id,
                "status": status,
            }
        )
        if transcript is not UNSET:
            field_dict["transcript"] = transcript
        if duration is not UNSET:
            field_dict["duration"] = duration
        if ended_reason is not UNSET:
            field_dict["ended_reason"] = ended_reason
        if turns is not UNSET:
            field_dict["turns"] = turns
        if summary is not UNSET:
            field_dict["summary"] = summary
        if extracted is not UNSET:
            field_dict["extracted"] = extracted
        if opt_out is not UNSET:
            field_dict["opt_out"] = opt_out
        if recording_url is not UNSET:
            field_dict["recording_url"] = recording_url
        if connection is not UNSET:
            field_dict["connection"] = connection
        if attempt_id is not UNSET:
            field_dict["attempt_id"] = attempt_id

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.call_result_extracted_type_0 import CallResultExtractedType0
        from ..models.result_turn import ResultTurn

        d = dict(src_dict)
        event_type = EventType(d.pop("event_type"))

        provider_call_id = d.pop("provider_call_id")

        status = ResultStatus(d.pop("status"))

        def _parse_transcript(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        transcript = _parse_transcript(d.pop("transcript", UNSET))

        def _parse_duration(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        duration = _parse_duration(d.pop("duration", UNSET))

        def _parse_ended_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        ended_reason = _parse_ended_reason(d.pop("ended_reason", UNSET))

        def _parse_turns(data: object) -> list[ResultTurn] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                turns_type_0 = []
                _turns_type_0 = data
                for turns_type_0_item_data in _turns_type_0:
                    turns_type_0_item = ResultTurn.from_dict(turns_type_0_item_data)

                    turns_type_0.append(turns_type_0_item)

                return turns_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[ResultTurn] | None | Unset, data)

        turns = _parse_turns(d.pop("turns", UNSET))

        def _parse_summary(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        summary = _parse_summary(d.pop("summary", UNSET))

        def _parse_extracted(data: object) -> CallResultExtractedType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                extracted_type_0 = CallResultExtractedType0.from_dict(data)

                return extracted_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CallResultExtractedType0 | None | Unset, data)

        extracted = _parse_extracted(d.pop("extracted", UNSET))

        def _parse_opt_out(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        opt_out = _parse_opt_out(d.pop("opt_out", UNSET))

        def _parse_recording_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        recording_url = _parse_recording_url(d.pop("recording_url", UNSET))

        def _parse_connection(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        connection = _parse_connection(d.pop("connection", UNSET))

        def _parse_attempt_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                attempt_id_type_0 = UUID(data)

                return attempt_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        attempt_id = _parse_attempt_id(d.pop("attempt_id", UNSET))

        call_result = cls(
            event_type=event_type,
            provider_call_id=provider_call_id,
            status=status,
            transcript=transcript,
            duration=duration,
            ended_reason=ended_reason,
            turns=turns,
            summary=summary,
            extracted=extracted,
            opt_out=opt_out,
            recording_url=recording_url,
            connection=connection,
            attempt_id=attempt_id,
        )

        return call_result
