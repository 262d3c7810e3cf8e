from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.call_status import CallStatus
from ..models.ended_by import EndedBy
from ..models.ended_reason import EndedReason
from ..models.transcript_status import TranscriptStatus

if TYPE_CHECKING:
    from ..models.call_schedule import CallSchedule
    from ..models.listed_call_extracted import ListedCallExtracted
    from ..models.listed_call_metadata import ListedCallMetadata


T = TypeVar("T", bound="ListedCall")


@_attrs_define
class ListedCall:
    """A call as a list shows it: without transcript, turns and variables.

    Attributes:
        call_id (UUID): The only id of the call a client needs: a UUID that sorts by time.
        status (CallStatus): Where a call is. `completed`, `no_answer`, `busy`, `failed`, `canceled`, `expired` and
            `blocked` are terminal and final.
        duration (int | None): Whole seconds of conversation: null until terminal and where it cannot be known, 0 if
            nobody answered.
        agent (str): The key of the agent that talks.
        phone (None | str): Who is called, in E.164; null once an operator erased the number.
        terminal (bool): Whether the call is over and its status final.
        ended_reason (EndedReason | None):
        ended_by (EndedBy | None):
        retryable (bool): True only where it is proven that nobody was rung, or the status is `no_answer` or `busy` and
            nobody declined.
        transcript_status (TranscriptStatus): What there is of the words.
        reference (None | str): The client's own id for this call.
        metadata (ListedCallMetadata): As it was sent.
        created_at (datetime.datetime): When the call was accepted.
        dialed_at (datetime.datetime | None): When the last try that may have rung was handed over.
        answered_at (datetime.datetime | None): When somebody answered.
        ended_at (datetime.datetime | None): When it was over.
        settles_by (datetime.datetime | None): By then an open call is terminal, whatever happens; null once it is.
        schedule (CallSchedule): The window a call may be dialed in.
        cancel_requested_at (datetime.datetime | None): When its end was asked for.
        cancel_supported (bool): False where the end of this call cannot be asked for any more.
        resolved_status (CallStatus | None):
        attempts (int): Tries that may have rung.
        revision (int): How often the call has changed: what its `ETag` is made from.
        summary (None | str): The conversation in short.
        extracted (ListedCallExtracted): What the agent was asked to find out.
        opt_out (bool): The one called does not want to be called again.
        recording (None | str): The path on this gateway where its audio can be had; null while there is none.
        history_head (str): The hash of the last entry of its timeline.
        test (bool): Simulated: no phone rang.
    """

    call_id: UUID
    status: CallStatus
    duration: int | None
    agent: str
    phone: None | str
    terminal: bool
    ended_reason: EndedReason | None
    ended_by: EndedBy | None
    retryable: bool
    transcript_status: TranscriptStatus
    reference: None | str
    metadata: ListedCallMetadata
    created_at: datetime.datetime
    dialed_at: datetime.datetime | None
    answered_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    settles_by: datetime.datetime | None
    schedule: CallSchedule
    cancel_requested_at: datetime.datetime | None
    cancel_supported: bool
    resolved_status: CallStatus | None
    attempts: int
    revision: int
    summary: None | str
    extracted: ListedCallExtracted
    opt_out: bool
    recording: None | str
    history_head: str
    test: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        call_id = str(self.call_id)

        status = self.status.value

        duration: int | None
        duration = self.duration

        agent = self.agent

        phone: None | str
        phone = self.phone

        terminal = self.terminal

        ended_reason: None | str
        if isinstance(self.ended_reason, EndedReason):
            ended_reason = self.ended_reason.value
        else:
            ended_reason = self.ended_reason

        ended_by: None | str
        if isinstance(self.ended_by, EndedBy):
            ended_by = self.ended_by.value
        else:
            ended_by = self.ended_by

        retryable = self.retryable

        transcript_status = self.transcript_status.value

        reference: None | str
        reference = self.reference

        metadata = self.metadata.to_dict()

        created_at = self.created_at.isoformat()

        dialed_at: None | str
        if isinstance(self.dialed_at, datetime.datetime):
            dialed_at = self.dialed_at.isoformat()
        else:
            dialed_at = self.dialed_at

        answered_at: None | str
        if isinstance(self.answered_at, datetime.datetime):
            answered_at = self.answered_at.isoformat()
        else:
            answered_at = self.answered_at

        ended_at: None | str
        if isinstance(self.ended_at, datetime.datetime):
            ended_at = self.ended_at.isoformat()
        else:
            ended_at = self.ended_at

        settles_by: None | str
        if isinstance(self.settles_by, datetime.datetime):
            settles_by = self.settles_by.isoformat()
        else:
            settles_by = self.settles_by

        schedule = self.schedule.to_dict()

        cancel_requested_at: None | str
        if isinstance(self.cancel_requested_at, datetime.datetime):
            cancel_requested_at = self.cancel_requested_at.isoformat()
        else:
            cancel_requested_at = self.cancel_requested_at

        cancel_supported = self.cancel_supported

        resolved_status: None | str
        if isinstance(self.resolved_status, CallStatus):
            resolved_status = self.resolved_status.value
        else:
            resolved_status = self.resolved_status

        attempts = self.attempts

        revision = self.revision

        summary: None | str
        summary = self.summary

        extracted = self.extracted.to_dict()

        opt_out = self.opt_out

        recording: None | str
        recording = self.recording

        history_head = self.history_head

        test = self.test

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "call_id": call_id,
                "status": status,
                "duration": duration,
                "agent": agent,
                "phone": phone,
                "terminal": terminal,
                "ended_reason": ended_reason,
                "ended_by": ended_by,
                "retryable": retryable,
                "transcript_status": transcript_status,
                "reference": reference,
                "metadata": metadata,
                "created_at": created_at,
                "dialed_at": dialed_at,
                "answered_at": answered_at,
                "ended_at": ended_at,
                "settles_by": settles_by,
                "schedule": schedule,
                "cancel_requested_at": cancel_requested_at,
                "cancel_supported": cancel_supported,
                "resolved_status": resolved_status,
                "attempts": attempts,
                "revision": revision,
                "summary": summary,
                "extracted": extracted,
                "opt_out": opt_out,
                "recording": recording,
                "history_head": history_head,
                "test": test,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.call_schedule import CallSchedule
        from ..models.listed_call_extracted import ListedCallExtracted
        from ..models.listed_call_metadata import ListedCallMetadata

        d = dict(src_dict)
        call_id = UUID(d.pop("call_id"))

        status = CallStatus(d.pop("status"))

        def _parse_duration(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        duration = _parse_duration(d.pop("duration"))

        agent = d.pop("agent")

        def _parse_phone(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        phone = _parse_phone(d.pop("phone"))

        terminal = d.pop("terminal")

        def _parse_ended_reason(data: object) -> EndedReason | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ended_reason_type_0 = EndedReason(data)

                return ended_reason_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(EndedReason | None, data)

        ended_reason = _parse_ended_reason(d.pop("ended_reason"))

        def _parse_ended_by(data: object) -> EndedBy | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ended_by_type_0 = EndedBy(data)

                return ended_by_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(EndedBy | None, data)

        ended_by = _parse_ended_by(d.pop("ended_by"))

        retryable = d.pop("retryable")

        transcript_status = TranscriptStatus(d.pop("transcript_status"))

        def _parse_reference(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reference = _parse_reference(d.pop("reference"))

        metadata = ListedCallMetadata.from_dict(d.pop("metadata"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_dialed_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                dialed_at_type_0 = datetime.datetime.fromisoformat(data)

                return dialed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        dialed_at = _parse_dialed_at(d.pop("dialed_at"))

        def _parse_answered_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                answered_at_type_0 = datetime.datetime.fromisoformat(data)

                return answered_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        answered_at = _parse_answered_at(d.pop("answered_at"))

        def _parse_ended_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ended_at_type_0 = datetime.datetime.fromisoformat(data)

                return ended_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        ended_at = _parse_ended_at(d.pop("ended_at"))

        def _parse_settles_by(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                settles_by_type_0 = datetime.datetime.fromisoformat(data)

                return settles_by_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        settles_by = _parse_settles_by(d.pop("settles_by"))

        schedule = CallSchedule.from_dict(d.pop("schedule"))

        def _parse_cancel_requested_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                cancel_requested_at_type_0 = datetime.datetime.fromisoformat(data)

                return cancel_requested_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        cancel_requested_at = _parse_cancel_requested_at(d.pop("cancel_requested_at"))

        cancel_supported = d.pop("cancel_supported")

        def _parse_resolved_status(data: object) -> CallStatus | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                resolved_status_type_0 = CallStatus(data)

                return resolved_status_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CallStatus | None, data)

        resolved_status = _parse_resolved_status(d.pop("resolved_status"))

        attempts = d.pop("attempts")

        revision = d.pop("revision")

        def _parse_summary(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        summary = _parse_summary(d.pop("summary"))

        extracted = ListedCallExtracted.from_dict(d.pop("extracted"))

        opt_out = d.pop("opt_out")

        def _parse_recording(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        recording = _parse_recording(d.pop("recording"))

        history_head = d.pop("history_head")

        test = d.pop("test")

        listed_call = cls(
            call_id=call_id,
            status=status,
            duration=duration,
            agent=agent,
            phone=phone,
            terminal=terminal,
            ended_reason=ended_reason,
            ended_by=ended_by,
            retryable=retryable,
            transcript_status=transcript_status,
            reference=reference,
            metadata=metadata,
            created_at=created_at,
            dialed_at=dialed_at,
            answered_at=answered_at,
            ended_at=ended_at,
            settles_by=settles_by,
            schedule=schedule,
            cancel_requested_at=cancel_requested_at,
            cancel_supported=cancel_supported,
            resolved_status=resolved_status,
            attempts=attempts,
            revision=revision,
            summary=summary,
            extracted=extracted,
            opt_out=opt_out,
            recording=recording,
            history_head=history_head,
            test=test,
        )

        listed_call.additional_properties = d
        return listed_call

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
