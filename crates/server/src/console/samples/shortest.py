import json, os
from urllib.request import Request, urlopen

def ask(path, headers={}, body=None):
    headers = {"Authorization": "Bearer " + os.environ["CALLGATE_KEY"], **headers}
    data = json.dumps(body).encode() if body else None
    with urlopen(Request("http://127.0.0.1:8010" + path, data, headers)) as response:
        return json.load(response)

call_id = ask(
    "/v1/calls",
    {"Content-Type": "application/json", "Idempotency-Key": "order-1042"},
    {"phone": "+996700000000", "agent": "akylai"},
)["call_id"]

call = ask(f"/v1/calls/{call_id}?wait=30")
while not call["terminal"]:
    call = ask(f"/v1/calls/{call_id}?wait=30")
print(call["status"], call["duration"])
print(call["transcript"])
