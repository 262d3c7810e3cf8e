import json, os
from urllib.request import Request, urlopen

request = Request(
    "http://127.0.0.1:8010/v1/calls/YOUR_CALL_ID?wait=30",
    headers={"Authorization": "Bearer " + os.environ["CALLGATE_KEY"]},
)
with urlopen(request) as response:
    call = json.load(response)
print(call["status"], call["transcript"], call["duration"])
