import json, os
from urllib.request import Request, urlopen

request = Request(
    "http://127.0.0.1:8010/v1/webhook-endpoints",
    headers={
        "Authorization": "Bearer " + os.environ["CALLGATE_KEY"],
        "Content-Type": "application/json",
    },
    data=json.dumps({"url": "https://example.com/hooks/calls"}).encode(),
)
with urlopen(request) as response:
    endpoint = json.load(response)
print(endpoint["id"], endpoint["secret"])  # the secret is shown once
