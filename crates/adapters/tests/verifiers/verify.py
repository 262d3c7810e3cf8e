"""What the providers' own libraries say of webhooks: a list of cases on stdin, a list of true and false on stdout."""

import json
import sys
from datetime import datetime, timezone
from urllib.parse import parse_qsl

from freezegun import freeze_time


def elevenlabs(case):
    from elevenlabs.webhooks_custom import WebhooksClient

    client = WebhooksClient.__new__(WebhooksClient)
    secret = case["secrets"]["webhook_secret"]
    return client.construct_event(case["body"], case["headers"].get("elevenlabs-signature", ""), secret) is not None


def retell(case):
    from retell.lib.webhook_auth import verify

    secrets = case["secrets"]
    secret = secrets.get("webhook_secret", secrets["api_key"])
    return verify(case["body"], secret, case["headers"].get("x-retell-signature", ""))


def twilio(case):
    from twilio.request_validator import RequestValidator

    validator = RequestValidator(case["secrets"]["auth_token"])
    is_form = "json" not in case["headers"].get("content-type", "")
    params = {}
    for name, value in parse_qsl(case["body"], keep_blank_values=True):
        params.setdefault(name, []).append(value)
    return validator.validate(case["url"], params if is_form else case["body"], case["headers"].get("x-twilio-signature", ""))


def livekit(case):
    from livekit.api import TokenVerifier, WebhookReceiver

    secrets = case["secrets"]
    receiver = WebhookReceiver(TokenVerifier(secrets["api_key"], secrets["api_secret"]))
    return receiver.receive(case["body"], case["headers"].get("authorization", "")) is not None


def accepts(case):
    with freeze_time(datetime.fromtimestamp(case["at"], timezone.utc)):
        try:
            return bool(globals()[case["kind"]](case))
        except Exception:  # Each library refuses in its own way.
            return False


# Loaded before time stands still: some libraries measure their own start.
for name in ("elevenlabs.webhooks_custom", "retell.lib.webhook_auth", "twilio.request_validator", "livekit.api"):
    __import__(name)
json.dump([accepts(case) for case in json.load(sys.stdin)], sys.stdout)
