from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.webhook_delivery_list import WebhookDeliveryList
from ...models.webhook_delivery_result import WebhookDeliveryResult
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    endpoint: UUID | Unset = UNSET,
    call_id: UUID | Unset = UNSET,
    status: WebhookDeliveryResult | Unset = UNSET,
    limit: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(x_request_id, Unset):
        headers["X-Request-Id"] = x_request_id

    params: dict[str, Any] = {}

    json_endpoint: str | Unset = UNSET
    if not isinstance(endpoint, Unset):
        json_endpoint = str(endpoint)
    params["endpoint"] = json_endpoint

    json_call_id: str | Unset = UNSET
    if not isinstance(call_id, Unset):
        json_call_id = str(call_id)
    params["call_id"] = json_call_id

    json_status: str | Unset = UNSET
    if not isinstance(status, Unset):
        json_status = status.value

    params["status"] = json_status

    params["limit"] = limit

    params["cursor"] = cursor

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/webhook-deliveries",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | WebhookDeliveryList | None:
    if response.status_code == 200:
        response_200 = WebhookDeliveryList.from_dict(response.json())

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
) -> Response[Problem | WebhookDeliveryList]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    endpoint: UUID | Unset = UNSET,
    call_id: UUID | Unset = UNSET,
    status: WebhookDeliveryResult | Unset = UNSET,
    limit: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> Response[Problem | WebhookDeliveryList]:
    """List webhook deliveries.

     Newest notice first. An unknown parameter is refused.

    Needs a key with the scope `calls:read`.

    Args:
        endpoint (UUID | Unset):
        call_id (UUID | Unset):
        status (WebhookDeliveryResult | Unset): What became of a delivery: `failed` can be sent
            again on request.
        limit (int | Unset):
        cursor (str | Unset):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | WebhookDeliveryList]
    """

    kwargs = _get_kwargs(
        endpoint=endpoint,
        call_id=call_id,
        status=status,
        limit=limit,
        cursor=cursor,
        x_request_id=x_request_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    endpoint: UUID | Unset = UNSET,
    call_id: UUID | Unset = UNSET,
    status: WebhookDeliveryResult | Unset = UNSET,
    limit: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> Problem | WebhookDeliveryList | None:
    """List webhook deliveries.

     Newest notice first. An unknown parameter is refused.

    Needs a key with the scope `calls:read`.

    Args:
        endpoint (UUID | Unset):
        call_id (UUID | Unset):
        status (WebhookDeliveryResult | Unset): What became of a delivery: `failed` can be sent
            again on request.
        limit (int | Unset):
        cursor (str | Unset):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | WebhookDeliveryList
    """

    return sync_detailed(
        client=client,
        endpoint=endpoint,
        call_id=call_id,
        status=status,
        limit=limit,
        cursor=cursor,
        x_request_id=x_request_id,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    endpoint: UUID | Unset = UNSET,
    call_id: UUID | Unset = UNSET,
    status: WebhookDeliveryResult | Unset = UNSET,
    limit: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> Response[Problem | WebhookDeliveryList]:
    """List webhook deliveries.

     Newest notice first. An unknown parameter is refused.

    Needs a key with the scope `calls:read`.

    Args:
        endpoint (UUID | Unset):
        call_id (UUID | Unset):
        status (WebhookDeliveryResult | Unset): What became of a delivery: `failed` can be sent
            again on request.
        limit (int | Unset):
        cursor (str | Unset):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | WebhookDeliveryList]
    """

    kwargs = _get_kwargs(
        endpoint=endpoint,
        call_id=call_id,
        status=status,
        limit=limit,
        cursor=cursor,
        x_request_id=x_request_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    endpoint: UUID | Unset = UNSET,
    call_id: UUID | Unset = UNSET,
    status: WebhookDeliveryResult | Unset = UNSET,
    limit: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    x_request_id: str | Unset = UNSET,
) -> Problem | WebhookDeliveryList | None:
    """List webhook deliveries.

     Newest notice first. An unknown parameter is refused.

    Needs a key with the scope `calls:read`.

    Args:
        endpoint (UUID | Unset):
        call_id (UUID | Unset):
        status (WebhookDeliveryResult | Unset): What became of a delivery: `failed` can be sent
            again on request.
        limit (int | Unset):
        cursor (str | Unset):
        x_request_id (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | WebhookDeliveryList
    """

    return (
        await asyncio_detailed(
            client=client,
            endpoint=endpoint,
            call_id=call_id,
            status=status,
            limit=limit,
            cursor=cursor,
            x_request_id=x_request_id,
        )
    ).parsed
