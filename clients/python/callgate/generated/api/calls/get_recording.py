from http import HTTPStatus
from io import BytesIO
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...types import UNSET, File, Response, Unset


def _get_kwargs(
    call_id: UUID,
    *,
    range_: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(range_, Unset):
        headers["Range"] = range_

    if not isinstance(x_request_id, Unset):
        headers["X-Request-Id"] = x_request_id

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/calls/{call_id}/recording".format(
            call_id=quote(str(call_id), safe=""),
        ),
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> File | Problem | None:
    if response.status_code == 200:
        response_200 = File(payload=BytesIO(response.content))

        return response_200

    if response.status_code == 206:
        response_206 = File(payload=BytesIO(response.content))

        return response_206

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

    if response.status_code == 416:
        response_416 = Problem.from_dict(response.json())

        return response_416

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
) -> Response[File | Problem]:
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
    range_: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> Response[File | Problem]:
    """Read a call's recording.

     The audio of a call, as it is kept elsewhere: it may not be there at once, nor for ever. The call's
    field `recording`
    says whether there is one. A `Range` of one stretch of bytes is passed on, and answered with 206
    where it can be.

    Needs a key with the scope `calls:read`.

    Args:
        call_id (UUID):
        range_ (str | Unset):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[File | Problem]
    """

    kwargs = _get_kwargs(
        call_id=call_id,
        range_=range_,
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
    range_: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> File | Problem | None:
    """Read a call's recording.

     The audio of a call, as it is kept elsewhere: it may not be there at once, nor for ever. The call's
    field `recording`
    says whether there is one. A `Range` of one stretch of bytes is passed on, and answered with 206
    where it can be.

    Needs a key with the scope `calls:read`.

    Args:
        call_id (UUID):
        range_ (str | Unset):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        File | Problem
    """

    return sync_detailed(
        call_id=call_id,
        client=client,
        range_=range_,
        x_request_id=x_request_id,
    ).parsed


async def asyncio_detailed(
    call_id: UUID,
    *,
    client: AuthenticatedClient,
    range_: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> Response[File | Problem]:
    """Read a call's recording.

     The audio of a call, as it is kept elsewhere: it may not be there at once, nor for ever. The call's
    field `recording`
    says whether there is one. A `Range` of one stretch of bytes is passed on, and answered with 206
    where it can be.

    Needs a key with the scope `calls:read`.

    Args:
        call_id (UUID):
        range_ (str | Unset):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[File | Problem]
    """

    kwargs = _get_kwargs(
        call_id=call_id,
        range_=range_,
        x_request_id=x_request_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    call_id: UUID,
    *,
    client: AuthenticatedClient,
    range_: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> File | Problem | None:
    """Read a call's recording.

     The audio of a call, as it is kept elsewhere: it may not be there at once, nor for ever. The call's
    field `recording`
    says whether there is one. A `Range` of one stretch of bytes is passed on, and answered with 206
    where it can be.

    Needs a key with the scope `calls:read`.

    Args:
        call_id (UUID):
        range_ (str | Unset):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        File | Problem
    """

    return (
        await asyncio_detailed(
            call_id=call_id,
            client=client,
            range_=range_,
            x_request_id=x_request_id,
        )
    ).parsed
