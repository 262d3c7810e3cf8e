"""Receives Callgate's notices: verifies each one, and takes none twice.

    pip install standardwebhooks
    WEBHOOK_SECRET=whsec_... PORT=3000 python receiver.py
"""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

# While a secret is rotated: both, with a space between them.
SECRETS = [Webhook(secret) for secret in os.environ["WEBHOOK_SECRET"].split()]

# In memory only for the example: yours belong into a database, and the answer comes after the commit.
seen = set()
revisions = {}


def verified(body, headers):
    """The notice, or None when nobody signed it who knows one of the secrets."""
    for secret in SECRETS:
        try:
            return secret.verify(body, headers)
        except WebhookVerificationError:
            continue
    return None


def take(notice_id, notice):
    """At least once, in no order: a repeat is known by its id, an older state by its revision."""
    call = notice["data"]
    if notice_id in seen or call.get("revision", 0) < revisions.get(call.get("call_id"), 0):
        return
    seen.add(notice_id)
    revisions[call.get("call_id")] = call.get("revision", 0)
    print(notice["type"], call.get("call_id"), call.get("status"), flush=True)


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        notice = verified(body, dict(self.headers))
        if notice is not None:
            take(self.headers["webhook-id"], notice)
        # Only 2xx is "received"; anything else is sent again.
        self.send_response(400 if notice is None else 204)
        self.end_headers()

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Receiver).serve_forever()
