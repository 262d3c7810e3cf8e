"""Notices, and who sent them."""

from collections.abc import Mapping
from typing import Any, TypedDict

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


class Notice(TypedDict):
    """`data` is the call, as `get_call` shows it; it is empty in a `webhook.test`."""

    type: str
    timestamp: str
    data: dict[str, Any]


def verify_webhook(secret: str, body: bytes | str, headers: Mapping[str, str]) -> Notice:
    """The notice; raises WebhookVerificationError if it does not come from the gateway, or is older than five minutes.

    `body` is the body as it came, not JSON that was parsed and written again.
    """
    webhook = Webhook(secret)
    try:
        return webhook.verify(body, dict(headers))
    except ValueError as fault:
        # What is no signature at all, or no text: to a receiver it is the same as a wrong one.
        raise WebhookVerificationError(str(fault)) from fault
