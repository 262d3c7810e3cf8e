from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.webhook_delivery_fault import WebhookDeliveryFault
from ..models.webhook_delivery_result import WebhookDeliveryResult
from ..models.webhook_type import WebhookType

T = TypeVar("T", bound="WebhookDelivery")


@_attrs_define
class WebhookDelivery:
    """One notice on its way to one endpoint.

    Example:
        {'call_id': '019ab0c2-8f3e-7a51-9d2c-3f0d6a1b2c3e', 'created_at': '2026-01-31T09:30:00Z', 'delivered_at': None,
            'endpoint': '019ab0c2-7f3e-7a51-9d2c-3f0d6a1b2c3d', 'event_id': '019ab0c3-1d20-7c4e-b2a3-91f07d6c5e02', 'id':
            '019ab0c3-1d20-7b0c-8a11-5d2f4c7e9a01', 'last_fault': None, 'last_status': 503, 'next_at':
            '2026-01-31T09:35:00Z', 'result': 'pending', 'tries': 2, 'type': 'call.completed'}

    Attributes:
        id (UUID): Names it for sending it again.
        event_id (UUID): The `webhook-id` of the notice: the same on every repeat.
        endpoint (UUID): Where it goes.
        call_id (None | UUID): The call it tells of; null for a sample.
        type_ (WebhookType): What a notice tells; `webhook.test` is a sample that was asked for.
        result (WebhookDeliveryResult): What became of a delivery: `failed` can be sent again on request.
        tries (int): How often it was tried.
        last_status (int | None): What the receiver answered last; null when it did not.
        last_fault (None | WebhookDeliveryFault):
        next_at (datetime.datetime | None): When it is tried next; null when it is not.
        created_at (datetime.datetime): When the notice was made.
        delivered_at (datetime.datetime | None): When it came through.
    """

    id: UUID
    event_id: UUID
    endpoint: UUID
    call_id: None | UUID
    type_: WebhookType
    result: WebhookDeliveryResult
    tries: int
    last_status: int | None
    last_fault: None | WebhookDeliveryFault
    next_at: datetime.datetime | None
    created_at: datetime.datetime
    delivered_at: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = str(self.id)

        event_id = str(self.event_id)

        endpoint = str(self.endpoint)

        call_id: None | str
        if isinstance(self.call_id, UUID):
            call_id = str(self.call_id)
        else:
            call_id = self.call_id

        type_ = self.type_.value

        result = self.result.value

        tries = self.tries

        last_status: int | None
        last_status = self.last_status

        last_fault: None | str
        if isinstance(self.last_fault, WebhookDeliveryFault):
            last_fault = self.last_fault.value
        else:
            last_fault = self.last_fault

        next_at: None | str
        if isinstance(self.next_at, datetime.datetime):
            next_at = self.next_at.isoformat()
        else:
            next_at = self.next_at

        created_at = self.created_at.isoformat()

        delivered_at: None | str
        if isinstance(self.delivered_at, datetime.datetime):
            delivered_at = self.delivered_at.isoformat()
        else:
            delivered_at = self.delivered_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "event_id": event_id,
                "endpoint": endpoint,
                "call_id": call_id,
                "type": type_,
                "result": result,
                "tries": tries,
                "last_status": last_status,
                "last_fault": last_fault,
                "next_at": next_at,
                "created_at": created_at,
                "delivered_at": delivered_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        id = UUID(d.pop("id"))

        event_id = UUID(d.pop("event_id"))

        endpoint = UUID(d.pop("endpoint"))

        def _parse_call_id(data: object) -> None | UUID:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                call_id_type_0 = UUID(data)

                return call_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | UUID, data)

        call_id = _parse_call_id(d.pop("call_id"))

        type_ = WebhookType(d.pop("type"))

        result = WebhookDeliveryResult(d.pop("result"))

        tries = d.pop("tries")

        def _parse_last_status(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        last_status = _parse_last_status(d.pop("last_status"))

        def _parse_last_fault(data: object) -> None | WebhookDeliveryFault:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_fault_type_0 = WebhookDeliveryFault(data)

                return last_fault_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | WebhookDeliveryFault, data)

        last_fault = _parse_last_fault(d.pop("last_fault"))

        def _parse_next_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                next_at_type_0 = datetime.datetime.fromisoformat(data)

                return next_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        next_at = _parse_next_at(d.pop("next_at"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_delivered_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                delivered_at_type_0 = datetime.datetime.fromisoformat(data)

                return delivered_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        delivered_at = _parse_delivered_at(d.pop("delivered_at"))

        webhook_delivery = cls(
            id=id,
            event_id=event_id,
            endpoint=endpoint,
            call_id=call_id,
            type_=type_,
            result=result,
            tries=tries,
            last_status=last_status,
            last_fault=last_fault,
            next_at=next_at,
            created_at=created_at,
            delivered_at=delivered_at,
        )

        webhook_delivery.additional_properties = d
        return webhook_delivery

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
