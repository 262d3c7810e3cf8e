from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    call_id: UUID,
    *,
    last_event_id: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(last_event_id, Unset):
        headers["Last-Event-ID"] = last_event_id

    if not isinstance(x_request_id, Unset):
        headers["X-Request-Id"] = x_request_id

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/calls/{call_id}/events".format(
            call_id=quote(str(call_id), safe=""),
        ),
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | Problem | str | None:
    if response.status_code == 200:
        response_200 = response.text
        return response_200

    if response.status_code == 204:
        response_204 = cast(Any, None)
        return response_204

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 429:
        response_429 = Problem.from_dict(response.json())

        return response_429

    if response.status_code == 431:
        response_431 = Problem.from_dict(response.json())

        return response_431

    if response.status_code == 500:
        response_500 = Problem.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Any | Problem | str]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    call_id: UUID,
    *,
    client: AuthenticatedClient,
    last_event_id: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> Response[Any | Problem | str]:
    """Follow a call.

     Sends `call.updated` with the call as it is now, at once and whenever it has changed; revisions may
    be skipped. The
    last event is `call.completed`, at any terminal status; then the stream ends. The event's id is the
    call's revision:
    with `Last-Event-ID` a stream goes on where it broke off, and one resumed after its last event is
    answered with 204.

    Needs a key with the scope `calls:read`.

    Args:
        call_id (UUID):
        last_event_id (str | Unset):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem | str]
    """

    kwargs = _get_kwargs(
        call_id=call_id,
        last_event_id=last_event_id,
        x_request_id=x_request_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    call_id: UUID,
    *,
    client: AuthenticatedClient,
    last_event_id: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> Any | Problem | str | None:
    """Follow a call.

     Sends `call.updated` with the call as it is now, at once and whenever it has changed; revisions may
    be skipped. The
    last event is `call.completed`, at any terminal status; then the stream ends. The event's id is the
    call's revision:
    with `Last-Event-ID` a stream goes on where it broke off, and one resumed after its last event is
    answered with 204.

    Needs a key with the scope `calls:read`.

    Args:
        call_id (UUID):
        last_event_id (str | Unset):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem | str
    """

    return sync_detailed(
        call_id=call_id,
        client=client,
        last_event_id=last_event_id,
        x_request_id=x_request_id,
    ).parsed


async def asyncio_detailed(
    call_id: UUID,
    *,
    client: AuthenticatedClient,
    last_event_id: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> Response[Any | Problem | str]:
    """Follow a call.

     Sends `call.updated` with the call as it is now, at once and whenever it has changed; revisions may
    be skipped. The
    last event is `call.completed`, at any terminal status; then the stream ends. The event's id is the
    call's revision:
    with `Last-Event-ID` a stream goes on where it broke off, and one resumed after its last event is
    answered with 204.

    Needs a key with the scope `calls:read`.

    Args:
        call_id (UUID):
        last_event_id (str | Unset):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem | str]
    """

    kwargs = _get_kwargs(
        call_id=call_id,
        last_event_id=last_event_id,
        x_request_id=x_request_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    call_id: UUID,
    *,
    client: AuthenticatedClient,
    last_event_id: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> Any | Problem | str | None:
    """Follow a call.

     Sends `call.updated` with the call as it is now, at once and whenever it has changed; revisions may
    be skipped. The
    last event is `call.completed`, at any terminal status; then the stream ends. The event's id is the
    call's revision:
    with `Last-Event-ID` a stream goes on where it broke off, and one resumed after its last event is
    answered with 204.

    Needs a key with the scope `calls:read`.

    Args:
        call_id (UUID):
        last_event_id (str | Unset):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem | str
    """

    return (
        await asyncio_detailed(
            call_id=call_id,
            client=client,
            last_event_id=last_event_id,
            x_request_id=x_request_id,
        )
    ).parsed
