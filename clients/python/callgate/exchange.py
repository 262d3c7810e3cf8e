"""What a method sends, and what it returns or raises."""

from collections.abc import Callable
from typing import Any

import httpx

from .generated.client import AuthenticatedClient
from .generated.models.problem import Problem


class CallgateError(Exception):
    """Any other answer than 2xx. `problem` says why; it is None at 304, and where something before the gateway answered."""

    def __init__(self, response: httpx.Response) -> None:
        self.status: int = response.status_code
        self.headers = response.headers
        self.problem: Problem | None = None
        try:
            self.problem = Problem.from_dict(response.json())
        except (ValueError, KeyError, TypeError):
            # A proxy's own page.
            super().__init__(f"{self.status}: {response.text[:200]}")
        else:
            super().__init__(f"{self.status} {self.problem.code}: {self.problem.detail}")


def asked(request: dict[str, Any]) -> dict[str, Any]:
    # The generator repeats the name of a list for each item; the document joins items by commas.
    if params := request.get("params"):
        request["params"] = {name: ",".join(value) if isinstance(value, list) else value for name, value in params.items()}
    return request


def outcome(client: AuthenticatedClient, response: httpx.Response, parse: Callable[..., Any]) -> Any:
    # 304 too, so that what is returned is never None: who sends `if_none_match` expects it.
    if not response.is_success:
        raise CallgateError(response)
    return parse(client=client, response=response)
