"""The Python library against a running gateway, and the examples of its README with it.

Usage: python library.py README DOCUMENT (CALLGATE_URL, CALLGATE_KEY)
"""

import asyncio
import inspect
import json
import os
import re
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

import callgate
from callgate import AsyncCallgate, Call, Callgate, CallgateError, CallStatus, NewCall, NewWebhookEndpoint

URL, KEY = os.environ["CALLGATE_URL"], os.environ["CALLGATE_KEY"]
WITHIN = 30


def refused(what, *arguments, **named):
    try:
        what(*arguments, **named)
    except CallgateError as error:
        return error
    raise AssertionError("it was not refused")


class Receiver(BaseHTTPRequestHandler):
    """Answers what the README's example says, and keeps what came."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        answer = receive(secret, body, dict(self.headers))
        came.put((answer, body, dict(self.headers)))
        self.send_response(answer)
        self.end_headers()

    def log_message(self, *_):
        pass


def deliver(body, headers):
    kept = {name: value for name, value in headers.items() if name.lower().startswith("webhook-")}
    request = urllib.request.Request(hooks, body, {**kept, "content-type": "application/json"}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=WITHIN) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


place, verify = re.findall(r"```python\n(.*?)```", open(sys.argv[1]).read(), re.DOTALL)
example = {}
exec(verify, example)
receive = example["receive"]

# Every operation is a method, but for the streams.
document = json.load(open(sys.argv[2]))
operations = [operation for path in document["paths"].values() for operation in path.values()]
promised = {
    re.sub("([A-Z])", r"_\1", operation["operationId"]).lower()
    for operation in operations
    if not any("text/event-stream" in answer.get("content", {}) for answer in operation["responses"].values())
}
assert {"create_call", "get_call", "list_agents"} <= promised
for kind in Callgate, AsyncCallgate:
    methods = {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}
    assert methods == promised, methods ^ promised

came = Queue()
server = HTTPServer(("127.0.0.1", 0), Receiver)
hooks = f"http://127.0.0.1:{server.server_port}/calls"
threading.Thread(target=server.serve_forever, daemon=True).start()

with Callgate(URL, KEY) as gateway:
    endpoint = gateway.add_webhook_endpoint(body=NewWebhookEndpoint(url=hooks))
    secret = endpoint.secret
    assert {agent.key for agent in gateway.list_agents().data} >= {"akylai"}

    done = {}
    exec(place, done)
    call = done["call"]
    assert call.status is CallStatus.COMPLETED, call.status
    assert call.test and call.transcript.startswith("agent: "), call

    answer, body, headers = came.get(timeout=WITHIN)
    assert answer == 204, answer
    notice = callgate.verify_webhook(secret, body, headers)
    assert notice["type"] == "call.completed", notice
    assert Call.from_dict(notice["data"]).call_id == call.call_id, notice

    # The same once more is verified; whatever was changed of it is refused, over HTTP and by the library's own error.
    signed = next(name for name in headers if name.lower() == "webhook-signature")
    timed = next(name for name in headers if name.lower() == "webhook-timestamp")
    assert deliver(body, headers) == 204
    for what, changed, header in [
        ("the body", body.replace(b'"completed"', b'"no_answer"'), {}),
        ("the signature", body, {signed: "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="}),
        ("what is no signature", body, {signed: "nonsense"}),
        ("the time", body, {timed: str(int(headers[timed]) - 301)}),
    ]:
        assert (changed, {**headers, **header}) != (body, headers), what
        assert deliver(changed, {**headers, **header}) == 400, f"{what} was changed, and it was taken"
    secret = "whsec_" + "A" * 32
    assert deliver(body, headers) == 400, "another secret, and it was taken"

    # A list of several.
    ended = gateway.list_calls(status=[CallStatus.COMPLETED, CallStatus.FAILED]).data
    assert call.call_id in {listed.call_id for listed in ended}, ended

    error = refused(gateway.create_call, body=NewCall(phone="12", agent="akylai"))
    assert (error.status, error.problem.code) == (422, "invalid_phone"), error
    assert refused(Callgate(URL, "cg_wrong").list_agents).status == 401
    gateway.remove_webhook_endpoint(endpoint.id)
    assert refused(gateway.get_webhook_endpoint, endpoint.id).status == 404

assert CallStatus("asleep") == "asleep", "a word that only a newer gateway knows"


async def awaited():
    async with AsyncCallgate(URL, KEY) as gateway:
        return await gateway.get_call(call.call_id)


assert asyncio.run(awaited()) == call
print(f"Python: call {call.call_id} {call.status}, its notice verified, the tampered ones refused")
