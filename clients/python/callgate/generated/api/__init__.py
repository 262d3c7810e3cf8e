"""Every operation of the API as a method, named by its operation id."""

import datetime
from io import BytesIO
from typing import cast
from uuid import UUID

from ...exchange import asked, outcome
from ..client import AuthenticatedClient
from ..models.agent import Agent
from ..models.agent_list import AgentList
from ..models.call import Call
from ..models.call_list import CallList
from ..models.call_result import CallResult
from ..models.call_status import CallStatus
from ..models.created_call import CreatedCall
from ..models.health import Health
from ..models.new_call import NewCall
from ..models.new_webhook_endpoint import NewWebhookEndpoint
from ..models.not_ready import NotReady
from ..models.problem import Problem
from ..models.recovery import Recovery
from ..models.report_answer import ReportAnswer
from ..models.timeline import Timeline
from ..models.webhook_delivery import WebhookDelivery
from ..models.webhook_delivery_list import WebhookDeliveryList
from ..models.webhook_delivery_result import WebhookDeliveryResult
from ..models.webhook_endpoint import WebhookEndpoint
from ..models.webhook_endpoint_change import WebhookEndpointChange
from ..models.webhook_endpoint_list import WebhookEndpointList
from ..models.webhook_endpoint_with_secret import WebhookEndpointWithSecret
from ..types import UNSET, File, FileTypes, Unset
from .agents import get_agent, list_agents
from .calls import (
    cancel_call,
    create_call,
    erase_content,
    get_call,
    get_recording,
    get_timeline,
    list_calls,
)
from .operation import get_health, get_readiness
from .result_webhook import report_result
from .webhooks import (
    add_webhook_endpoint,
    change_webhook_endpoint,
    get_webhook_endpoint,
    list_webhook_deliveries,
    list_webhook_endpoints,
    recover_webhook_endpoint,
    remove_webhook_endpoint,
    resend_webhook_delivery,
    rotate_webhook_secret,
    test_webhook_endpoint,
)


class Operations:
    _client: AuthenticatedClient

    def list_calls(
        self,
        *,
        status: list[CallStatus] | Unset = UNSET,
        agent: str | Unset = UNSET,
        phone: str | Unset = UNSET,
        reference: str | Unset = UNSET,
        created_after: datetime.datetime | Unset = UNSET,
        created_before: datetime.datetime | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        x_request_id: str | Unset = UNSET,
    ) -> CallList:
        """List calls."""
        request = asked(
            list_calls._get_kwargs(
                status=status,
                agent=agent,
                phone=phone,
                reference=reference,
                created_after=created_after,
                created_before=created_before,
                limit=limit,
                cursor=cursor,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, list_calls._parse_response)

    def create_call(
        self,
        *,
        body: NewCall,
        idempotency_key: str | Unset = UNSET,
        x_request_id: str | Unset = UNSET,
    ) -> CreatedCall:
        """Place a call."""
        request = asked(
            create_call._get_kwargs(
                body=body,
                idempotency_key=idempotency_key,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, create_call._parse_response)

    def get_call(
        self,
        call_id: UUID,
        *,
        wait: int | Unset = UNSET,
        if_none_match: str | Unset = UNSET,
        x_request_id: str | Unset = UNSET,
    ) -> Call:
        """Read a call."""
        request = asked(
            get_call._get_kwargs(
                call_id=call_id,
                wait=wait,
                if_none_match=if_none_match,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, get_call._parse_response)

    def cancel_call(
        self,
        call_id: UUID,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> Call:
        """Cancel a call."""
        request = asked(
            cancel_call._get_kwargs(
                call_id=call_id,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, cancel_call._parse_response)

    def get_timeline(
        self,
        call_id: UUID,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        x_request_id: str | Unset = UNSET,
    ) -> Timeline:
        """Read a call's timeline."""
        request = asked(
            get_timeline._get_kwargs(
                call_id=call_id,
                limit=limit,
                cursor=cursor,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, get_timeline._parse_response)

    def get_recording(
        self,
        call_id: UUID,
        *,
        range_: str | Unset = UNSET,
        x_request_id: str | Unset = UNSET,
    ) -> File:
        """Read a call's recording."""
        request = asked(
            get_recording._get_kwargs(
                call_id=call_id,
                range_=range_,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, get_recording._parse_response)

    def erase_content(
        self,
        call_id: UUID,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> None:
        """Erase a call's content."""
        request = asked(
            erase_content._get_kwargs(
                call_id=call_id,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, erase_content._parse_response)

    def list_agents(
        self,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> AgentList:
        """List agents."""
        request = asked(
            list_agents._get_kwargs(
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, list_agents._parse_response)

    def get_agent(
        self,
        key: str,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> Agent:
        """Read an agent."""
        request = asked(
            get_agent._get_kwargs(
                key=key,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, get_agent._parse_response)

    def report_result(
        self,
        *,
        body: CallResult,
        x_request_id: str | Unset = UNSET,
    ) -> ReportAnswer:
        """Report a call's result."""
        request = asked(
            report_result._get_kwargs(
                body=body,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, report_result._parse_response)

    def list_webhook_endpoints(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        x_request_id: str | Unset = UNSET,
    ) -> WebhookEndpointList:
        """List webhook endpoints."""
        request = asked(
            list_webhook_endpoints._get_kwargs(
                limit=limit,
                cursor=cursor,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, list_webhook_endpoints._parse_response)

    def add_webhook_endpoint(
        self,
        *,
        body: NewWebhookEndpoint,
        x_request_id: str | Unset = UNSET,
    ) -> WebhookEndpointWithSecret:
        """Add a webhook endpoint."""
        request = asked(
            add_webhook_endpoint._get_kwargs(
                body=body,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, add_webhook_endpoint._parse_response)

    def get_webhook_endpoint(
        self,
        id: UUID,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> WebhookEndpoint:
        """Get a webhook endpoint."""
        request = asked(
            get_webhook_endpoint._get_kwargs(
                id=id,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, get_webhook_endpoint._parse_response)

    def remove_webhook_endpoint(
        self,
        id: UUID,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> None:
        """Remove a webhook endpoint."""
        request = asked(
            remove_webhook_endpoint._get_kwargs(
                id=id,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, remove_webhook_endpoint._parse_response)

    def change_webhook_endpoint(
        self,
        id: UUID,
        *,
        body: WebhookEndpointChange,
        x_request_id: str | Unset = UNSET,
    ) -> WebhookEndpoint:
        """Change a webhook endpoint."""
        request = asked(
            change_webhook_endpoint._get_kwargs(
                id=id,
                body=body,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, change_webhook_endpoint._parse_response)

    def rotate_webhook_secret(
        self,
        id: UUID,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> WebhookEndpointWithSecret:
        """Rotate the secret of a webhook endpoint."""
        request = asked(
            rotate_webhook_secret._get_kwargs(
                id=id,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, rotate_webhook_secret._parse_response)

    def test_webhook_endpoint(
        self,
        id: UUID,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> WebhookDelivery:
        """Send a sample to a webhook endpoint."""
        request = asked(
            test_webhook_endpoint._get_kwargs(
                id=id,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, test_webhook_endpoint._parse_response)

    def recover_webhook_endpoint(
        self,
        id: UUID,
        *,
        since: datetime.datetime,
        x_request_id: str | Unset = UNSET,
    ) -> Recovery:
        """Send what a webhook endpoint missed."""
        request = asked(
            recover_webhook_endpoint._get_kwargs(
                id=id,
                since=since,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, recover_webhook_endpoint._parse_response)

    def list_webhook_deliveries(
        self,
        *,
        endpoint: UUID | Unset = UNSET,
        call_id: UUID | Unset = UNSET,
        status: WebhookDeliveryResult | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        x_request_id: str | Unset = UNSET,
    ) -> WebhookDeliveryList:
        """List webhook deliveries."""
        request = asked(
            list_webhook_deliveries._get_kwargs(
                endpoint=endpoint,
                call_id=call_id,
                status=status,
                limit=limit,
                cursor=cursor,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, list_webhook_deliveries._parse_response)

    def resend_webhook_delivery(
        self,
        id: UUID,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> WebhookDelivery:
        """Send a webhook delivery again."""
        request = asked(
            resend_webhook_delivery._get_kwargs(
                id=id,
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, resend_webhook_delivery._parse_response)

    def get_health(
        self,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> Health:
        """Whether the process runs."""
        request = asked(
            get_health._get_kwargs(
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, get_health._parse_response)

    def get_readiness(
        self,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> list[NotReady]:
        """Whether new calls can be taken."""
        request = asked(
            get_readiness._get_kwargs(
                x_request_id=x_request_id,
            )
        )
        response = self._client.get_httpx_client().request(**request)
        return outcome(self._client, response, get_readiness._parse_response)


class AsyncOperations:
    _client: AuthenticatedClient

    async def list_calls(
        self,
        *,
        status: list[CallStatus] | Unset = UNSET,
        agent: str | Unset = UNSET,
        phone: str | Unset = UNSET,
        reference: str | Unset = UNSET,
        created_after: datetime.datetime | Unset = UNSET,
        created_before: datetime.datetime | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        x_request_id: str | Unset = UNSET,
    ) -> CallList:
        """List calls."""
        request = asked(
            list_calls._get_kwargs(
                status=status,
                agent=agent,
                phone=phone,
                reference=reference,
                created_after=created_after,
                created_before=created_before,
                limit=limit,
                cursor=cursor,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, list_calls._parse_response)

    async def create_call(
        self,
        *,
        body: NewCall,
        idempotency_key: str | Unset = UNSET,
        x_request_id: str | Unset = UNSET,
    ) -> CreatedCall:
        """Place a call."""
        request = asked(
            create_call._get_kwargs(
                body=body,
                idempotency_key=idempotency_key,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, create_call._parse_response)

    async def get_call(
        self,
        call_id: UUID,
        *,
        wait: int | Unset = UNSET,
        if_none_match: str | Unset = UNSET,
        x_request_id: str | Unset = UNSET,
    ) -> Call:
        """Read a call."""
        request = asked(
            get_call._get_kwargs(
                call_id=call_id,
                wait=wait,
                if_none_match=if_none_match,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, get_call._parse_response)

    async def cancel_call(
        self,
        call_id: UUID,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> Call:
        """Cancel a call."""
        request = asked(
            cancel_call._get_kwargs(
                call_id=call_id,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, cancel_call._parse_response)

    async def get_timeline(
        self,
        call_id: UUID,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        x_request_id: str | Unset = UNSET,
    ) -> Timeline:
        """Read a call's timeline."""
        request = asked(
            get_timeline._get_kwargs(
                call_id=call_id,
                limit=limit,
                cursor=cursor,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, get_timeline._parse_response)

    async def get_recording(
        self,
        call_id: UUID,
        *,
        range_: str | Unset = UNSET,
        x_request_id: str | Unset = UNSET,
    ) -> File:
        """Read a call's recording."""
        request = asked(
            get_recording._get_kwargs(
                call_id=call_id,
                range_=range_,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, get_recording._parse_response)

    async def erase_content(
        self,
        call_id: UUID,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> None:
        """Erase a call's content."""
        request = asked(
            erase_content._get_kwargs(
                call_id=call_id,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, erase_content._parse_response)

    async def list_agents(
        self,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> AgentList:
        """List agents."""
        request = asked(
            list_agents._get_kwargs(
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, list_agents._parse_response)

    async def get_agent(
        self,
        key: str,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> Agent:
        """Read an agent."""
        request = asked(
            get_agent._get_kwargs(
                key=key,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, get_agent._parse_response)

    async def report_result(
        self,
        *,
        body: CallResult,
        x_request_id: str | Unset = UNSET,
    ) -> ReportAnswer:
        """Report a call's result."""
        request = asked(
            report_result._get_kwargs(
                body=body,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, report_result._parse_response)

    async def list_webhook_endpoints(
        self,
        *,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        x_request_id: str | Unset = UNSET,
    ) -> WebhookEndpointList:
        """List webhook endpoints."""
        request = asked(
            list_webhook_endpoints._get_kwargs(
                limit=limit,
                cursor=cursor,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, list_webhook_endpoints._parse_response)

    async def add_webhook_endpoint(
        self,
        *,
        body: NewWebhookEndpoint,
        x_request_id: str | Unset = UNSET,
    ) -> WebhookEndpointWithSecret:
        """Add a webhook endpoint."""
        request = asked(
            add_webhook_endpoint._get_kwargs(
                body=body,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, add_webhook_endpoint._parse_response)

    async def get_webhook_endpoint(
        self,
        id: UUID,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> WebhookEndpoint:
        """Get a webhook endpoint."""
        request = asked(
            get_webhook_endpoint._get_kwargs(
                id=id,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, get_webhook_endpoint._parse_response)

    async def remove_webhook_endpoint(
        self,
        id: UUID,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> None:
        """Remove a webhook endpoint."""
        request = asked(
            remove_webhook_endpoint._get_kwargs(
                id=id,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, remove_webhook_endpoint._parse_response)

    async def change_webhook_endpoint(
        self,
        id: UUID,
        *,
        body: WebhookEndpointChange,
        x_request_id: str | Unset = UNSET,
    ) -> WebhookEndpoint:
        """Change a webhook endpoint."""
        request = asked(
            change_webhook_endpoint._get_kwargs(
                id=id,
                body=body,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, change_webhook_endpoint._parse_response)

    async def rotate_webhook_secret(
        self,
        id: UUID,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> WebhookEndpointWithSecret:
        """Rotate the secret of a webhook endpoint."""
        request = asked(
            rotate_webhook_secret._get_kwargs(
                id=id,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, rotate_webhook_secret._parse_response)

    async def test_webhook_endpoint(
        self,
        id: UUID,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> WebhookDelivery:
        """Send a sample to a webhook endpoint."""
        request = asked(
            test_webhook_endpoint._get_kwargs(
                id=id,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, test_webhook_endpoint._parse_response)

    async def recover_webhook_endpoint(
        self,
        id: UUID,
        *,
        since: datetime.datetime,
        x_request_id: str | Unset = UNSET,
    ) -> Recovery:
        """Send what a webhook endpoint missed."""
        request = asked(
            recover_webhook_endpoint._get_kwargs(
                id=id,
                since=since,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, recover_webhook_endpoint._parse_response)

    async def list_webhook_deliveries(
        self,
        *,
        endpoint: UUID | Unset = UNSET,
        call_id: UUID | Unset = UNSET,
        status: WebhookDeliveryResult | Unset = UNSET,
        limit: int | Unset = UNSET,
        cursor: str | Unset = UNSET,
        x_request_id: str | Unset = UNSET,
    ) -> WebhookDeliveryList:
        """List webhook deliveries."""
        request = asked(
            list_webhook_deliveries._get_kwargs(
                endpoint=endpoint,
                call_id=call_id,
                status=status,
                limit=limit,
                cursor=cursor,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, list_webhook_deliveries._parse_response)

    async def resend_webhook_delivery(
        self,
        id: UUID,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> WebhookDelivery:
        """Send a webhook delivery again."""
        request = asked(
            resend_webhook_delivery._get_kwargs(
                id=id,
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, resend_webhook_delivery._parse_response)

    async def get_health(
        self,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> Health:
        """Whether the process runs."""
        request = asked(
            get_health._get_kwargs(
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, get_health._parse_response)

    async def get_readiness(
        self,
        *,
        x_request_id: str | Unset = UNSET,
    ) -> list[NotReady]:
        """Whether new calls can be taken."""
        request = asked(
            get_readiness._get_kwargs(
                x_request_id=x_request_id,
            )
        )
        response = await self._client.get_async_httpx_client().request(**request)
        return outcome(self._client, response, get_readiness._parse_response)
