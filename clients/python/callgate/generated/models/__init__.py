"""Contains all the data models used in inputs/outputs"""

from .agent import Agent
from .agent_list import AgentList
from .call import Call
from .call_extracted import CallExtracted
from .call_list import CallList
from .call_metadata import CallMetadata
from .call_result import CallResult
from .call_result_extracted_type_0 import CallResultExtractedType0
from .call_schedule import CallSchedule
from .call_status import CallStatus
from .call_variables import CallVariables
from .created_call import CreatedCall
from .ended_by import EndedBy
from .ended_reason import EndedReason
from .event_type import EventType
from .health import Health
from .listed_call import ListedCall
from .listed_call_extracted import ListedCallExtracted
from .listed_call_metadata import ListedCallMetadata
from .new_call import NewCall
from .new_call_metadata_type_0 import NewCallMetadataType0
from .new_call_variables_type_0 import NewCallVariablesType0
from .new_retry import NewRetry
from .new_schedule import NewSchedule
from .new_webhook_endpoint import NewWebhookEndpoint
from .not_ready import NotReady
from .problem import Problem
from .problem_code import ProblemCode
from .problem_errors_item import ProblemErrorsItem
from .problem_errors_item_code import ProblemErrorsItemCode
from .recovery import Recovery
from .report_answer import ReportAnswer
from .report_status import ReportStatus
from .result_role import ResultRole
from .result_status import ResultStatus
from .result_turn import ResultTurn
from .retry_on import RetryOn
from .role import Role
from .timeline import Timeline
from .timeline_by import TimelineBy
from .timeline_entry import TimelineEntry
from .timeline_what import TimelineWhat
from .transcript_status import TranscriptStatus
from .turn import Turn
from .webhook_delivery import WebhookDelivery
from .webhook_delivery_fault import WebhookDeliveryFault
from .webhook_delivery_list import WebhookDeliveryList
from .webhook_delivery_result import WebhookDeliveryResult
from .webhook_endpoint import WebhookEndpoint
from .webhook_endpoint_change import WebhookEndpointChange
from .webhook_endpoint_list import WebhookEndpointList
from .webhook_endpoint_with_secret import WebhookEndpointWithSecret
from .webhook_event import WebhookEvent
from .webhook_type import WebhookType

__all__ = (
    "Agent",
    "AgentList",
    "Call",
    "CallExtracted",
    "CallList",
    "CallMetadata",
    "CallResult",
    "CallResultExtractedType0",
    "CallSchedule",
    "CallStatus",
    "CallVariables",
    "CreatedCall",
    "EndedBy",
    "EndedReason",
    "EventType",
    "Health",
    "ListedCall",
    "ListedCallExtracted",
    "ListedCallMetadata",
    "NewCall",
    "NewCallMetadataType0",
    "NewCallVariablesType0",
    "NewRetry",
    "NewSchedule",
    "NewWebhookEndpoint",
    "NotReady",
    "Problem",
    "ProblemCode",
    "ProblemErrorsItem",
    "ProblemErrorsItemCode",
    "Recovery",
    "ReportAnswer",
    "ReportStatus",
    "ResultRole",
    "ResultStatus",
    "ResultTurn",
    "RetryOn",
    "Role",
    "Timeline",
    "TimelineBy",
    "TimelineEntry",
    "TimelineWhat",
    "TranscriptStatus",
    "Turn",
    "WebhookDelivery",
    "WebhookDeliveryFault",
    "WebhookDeliveryList",
    "WebhookDeliveryResult",
    "WebhookEndpoint",
    "WebhookEndpointChange",
    "WebhookEndpointList",
    "WebhookEndpointWithSecret",
    "WebhookEvent",
    "WebhookType",
)
