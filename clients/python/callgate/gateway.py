"""The gateway, by its address and a key."""

from typing import Self

import httpx

from .generated.api import AsyncOperations, Operations
from .generated.client import AuthenticatedClient

# A read may be held for 60 s (`wait`).
TIMEOUT = httpx.Timeout(75, connect=10)


class Callgate(Operations):
    """`with Callgate(url, key) as gateway:` closes its connections at the end."""

    def __init__(self, url: str, key: str) -> None:
        self._client = AuthenticatedClient(base_url=url, token=key, timeout=TIMEOUT, raise_on_unexpected_status=True)

    def __enter__(self) -> Self:
        self._client.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._client.__exit__(*error)


class AsyncCallgate(AsyncOperations):
    """The same with `async with` and `await`."""

    def __init__(self, url: str, key: str) -> None:
        self._client = AuthenticatedClient(base_url=url, token=key, timeout=TIMEOUT, raise_on_unexpected_status=True)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.__aexit__(*error)
