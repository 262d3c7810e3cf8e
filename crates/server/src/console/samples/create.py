import json, os
from urllib.request import Request, urlopen

request = Request(
    "http://127.0.0.1:8010/v1/calls",
    headers={
        "Authorization": "Bearer " + os.environ["CALLGATE_KEY"],
        "Content-Type": "application/json",
        "Idempotency-Key": "order-1042",
    },
    data=json.dumps({"phone": "+996700000000", "agent": "akylai"}).encode(),
)
with urlopen(request) as response:
    print(json.load(response)["call_id"])
