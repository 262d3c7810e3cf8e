from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
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
        "url": "/v1/events",
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | str | None:
    if response.status_code == 200:
        response_200 = response.text
        return response_200

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

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
) -> Response[Problem | str]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    last_event_id: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> Response[Problem | str]:
    """Follow all calls.

     Sends each call as it is now whenever it has changed: `call.updated`, and `call.completed` once it
    is over (again,
    should something be learned after that). Revisions may be skipped. An event's id is an entry of a
    call's timeline,
    `<call_id>.<revision>`: with `Last-Event-ID` a stream goes on where it broke off, also at another
    process and after a
    restart. It may then repeat what was sent, and never leaves out the last state of a call; keep the
    highest `revision` of
    each. An id may stand alone, without an event: it marks a moment. Without `Last-Event-ID` the stream
    begins now.

    A client that does not read is cut off, and may resume. A key with scope `admin` follows the calls
    of all clients.

    Needs a key with the scope `calls:read`.

    Args:
        last_event_id (str | Unset):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | str]
    """

    kwargs = _get_kwargs(
        last_event_id=last_event_id,
        x_request_id=x_request_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    last_event_id: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> Problem | str | None:
    """Follow all calls.

     Sends each call as it is now whenever it has changed: `call.updated`, and `call.completed` once it
    is over (again,
    should something be learned after that). Revisions may be skipped. An event's id is an entry of a
    call's timeline,
    `<call_id>.<revision>`: with `Last-Event-ID` a stream goes on where it broke off, also at another
    process and after a
    restart. It may then repeat what was sent, and never leaves out the last state of a call; keep the
    highest `revision` of
    each. An id may stand alone, without an event: it marks a moment. Without `Last-Event-ID` the stream
    begins now.

    A client that does not read is cut off, and may resume. A key with scope `admin` follows the calls
    of all clients.

    Needs a key with the scope `calls:read`.

    Args:
        last_event_id (str | Unset):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | str
    """

    return sync_detailed(
        client=client,
        last_event_id=last_event_id,
        x_request_id=x_request_id,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    last_event_id: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> Response[Problem | str]:
    """Follow all calls.

     Sends each call as it is now whenever it has changed: `call.updated`, and `call.completed` once it
    is over (again,
    should something be learned after that). Revisions may be skipped. An event's id is an entry of a
    call's timeline,
    `<call_id>.<revision>`: with `Last-Event-ID` a stream goes on where it broke off, also at another
    process and after a
    restart. It may then repeat what was sent, and never leaves out the last state of a call; keep the
    highest `revision` of
    each. An id may stand alone, without an event: it marks a moment. Without `Last-Event-ID` the stream
    begins now.

    A client that does not read is cut off, and may resume. A key with scope `admin` follows the calls
    of all clients.

    Needs a key with the scope `calls:read`.

    Args:
        last_event_id (str | Unset):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | str]
    """

    kwargs = _get_kwargs(
        last_event_id=last_event_id,
        x_request_id=x_request_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    last_event_id: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> Problem | str | None:
    """Follow all calls.

     Sends each call as it is now whenever it has changed: `call.updated`, and `call.completed` once it
    is over (again,
    should something be learned after that). Revisions may be skipped. An event's id is an entry of a
    call's timeline,
    `<call_id>.<revision>`: with `Last-Event-ID` a stream goes on where it broke off, also at another
    process and after a
    restart. It may then repeat what was sent, and never leaves out the last state of a call; keep the
    highest `revision` of
    each. An id may stand alone, without an event: it marks a moment. Without `Last-Event-ID` the stream
    begins now.

    A client that does not read is cut off, and may resume. A key with scope `admin` follows the calls
    of all clients.

    Needs a key with the scope `calls:read`.

    Args:
        last_event_id (str | Unset):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | str
    """

    return (
        await asyncio_detailed(
            client=client,
            last_event_id=last_event_id,
            x_request_id=x_request_id,
        )
    ).parsed
