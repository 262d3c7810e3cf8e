import json, os
from urllib.request import Request, urlopen

request = Request(
    "http://127.0.0.1:8010/v1/webhooks/call-completed",
    headers={
        "Authorization": "Bearer " + os.environ["CALLGATE_KEY"],
        "Content-Type": "application/json",
    },
    data=json.dumps({
        "event_type": "call.completed",
        "provider_call_id": "internal-provider-reference",
        "status": "completed",
        "transcript": "agent: Hello\nuser: Hi",
        "duration": 120,
    }).encode(),
)
with urlopen(request) as response:
    print(json.load(response)["status"])
