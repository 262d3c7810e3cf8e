import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.recovery import Recovery
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: UUID,
    *,
    since: datetime.datetime,
    x_request_id: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_request_id, Unset):
        headers["X-Request-Id"] = x_request_id

    params: dict[str, Any] = {}

    json_since = since.isoformat()
    params["since"] = json_since

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/webhook-endpoints/{id}/recover".format(
            id=quote(str(id), safe=""),
        ),
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | Recovery | None:
    if response.status_code == 202:
        response_202 = Recovery.from_dict(response.json())

        return response_202

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

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

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
) -> Response[Problem | Recovery]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    id: UUID,
    *,
    client: AuthenticatedClient,
    since: datetime.datetime,
    x_request_id: str | Unset = UNSET,
) -> Response[Problem | Recovery]:
    """Send what a webhook endpoint missed.

     What failed since a moment is sent again, and what it was never told is sent. A notice
    keeps its `webhook-id`.

    Needs a key with the scope `calls:write`.

    Args:
        id (UUID):
        since (datetime.datetime):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Recovery]
    """

    kwargs = _get_kwargs(
        id=id,
        since=since,
        x_request_id=x_request_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: UUID,
    *,
    client: AuthenticatedClient,
    since: datetime.datetime,
    x_request_id: str | Unset = UNSET,
) -> Problem | Recovery | None:
    """Send what a webhook endpoint missed.

     What failed since a moment is sent again, and what it was never told is sent. A notice
    keeps its `webhook-id`.

    Needs a key with the scope `calls:write`.

    Args:
        id (UUID):
        since (datetime.datetime):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Recovery
    """

    return sync_detailed(
        id=id,
        client=client,
        since=since,
        x_request_id=x_request_id,
    ).parsed


async def asyncio_detailed(
    id: UUID,
    *,
    client: AuthenticatedClient,
    since: datetime.datetime,
    x_request_id: str | Unset = UNSET,
) -> Response[Problem | Recovery]:
    """Send what a webhook endpoint missed.

     What failed since a moment is sent again, and what it was never told is sent. A notice
    keeps its `webhook-id`.

    Needs a key with the scope `calls:write`.

    Args:
        id (UUID):
        since (datetime.datetime):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Recovery]
    """

    kwargs = _get_kwargs(
        id=id,
        since=since,
        x_request_id=x_request_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: UUID,
    *,
    client: AuthenticatedClient,
    since: datetime.datetime,
    x_request_id: str | Unset = UNSET,
) -> Problem | Recovery | None:
    """Send what a webhook endpoint missed.

     What failed since a moment is sent again, and what it was never told is sent. A notice
    keeps its `webhook-id`.

    Needs a key with the scope `calls:write`.

    Args:
        id (UUID):
        since (datetime.datetime):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Recovery
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            since=since,
            x_request_id=x_request_id,
        )
    ).parsed
