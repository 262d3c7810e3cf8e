"""What the providers' own libraries say of webhooks: a list of cases on stdin, a list of true and false on stdout."""

import json
import sys
from contextlib import contextmanager
from datetime import datetime
from unittest import mock
from urllib.parse import parse_qsl


def elevenlabs(case):
    from elevenlabs.webhooks_custom import WebhooksClient

    client = WebhooksClient.__new__(WebhooksClient)
    secret = case["secrets"]["webhook_secret"]
    try:
        client.construct_event(case["body"], case["headers"].get("elevenlabs-signature", ""), secret)
    except json.JSONDecodeError:
        pass  # Its signature is good: it is read after that.
    return True


def retell(case):
    from retell.lib.webhook_auth import verify

    secrets = case["secrets"]
    secret = secrets.get("webhook_secret", secrets["api_key"])
    return verify(case["body"], secret, case["headers"].get("x-retell-signature", ""))


class Fields(dict):
    """Fields of a form, some of them more than once."""

    def getlist(self, name):
        return self[name]


def twilio(case):
    from twilio.request_validator import RequestValidator

    validator = RequestValidator(case["secrets"]["auth_token"])
    is_form = "bodySHA256=" not in case["url"]
    params = Fields()
    for name, value in parse_qsl(case["body"], keep_blank_values=True):
        params.setdefault(name, []).append(value)
    return validator.validate(case["url"], params if is_form else case["body"], case["headers"].get("x-twilio-signature", ""))


def livekit(case):
    from google.protobuf.json_format import ParseError
    from livekit.api import TokenVerifier, WebhookReceiver

    secrets = case["secrets"]
    receiver = WebhookReceiver(TokenVerifier(secrets["api_key"], secrets["api_secret"]))
    try:
        receiver.receive(case["body"], case["headers"].get("authorization", ""))
    except ParseError:
        pass  # Its signature is good: it is read after that.
    return True


@contextmanager
def at(moment):
    """Lets the libraries' clocks stand still."""

    class Frozen(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(moment, tz)

    with mock.patch("time.time", lambda: moment), mock.patch("jwt.api_jwt.datetime", Frozen):
        yield


def accepts(case):
    """Whether one of the secrets that are good at once is accepted: the libraries take one."""
    known = case["secrets"]
    for nth in range(max(len(all) for all in known.values())):
        secrets = {name: all[min(nth, len(all) - 1)] for name, all in known.items()}
        with at(case["at"]):
            try:
                if globals()[case["kind"]]({**case, "secrets": secrets}):
                    return True
            except Exception:  # Each library refuses in its own way.
                pass
    return False


json.dump([accepts(case) for case in json.load(sys.stdin)], sys.stdout)
