import json, os
from urllib.request import Request, urlopen

request = Request(
    "http://127.0.0.1:8010/v1/agents",
    headers={"Authorization": "Bearer " + os.environ["CALLGATE_KEY"]},
)
with urlopen(request) as response:
    for agent in json.load(response)["data"]:
        print(agent["key"], agent["name"])
