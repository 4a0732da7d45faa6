"""Files that the screens hand to the browser of `wizard serve` come through the same door as everything else."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from aiohttp import web as aio

from wizard.cli import web


class Screens:
    """Screens that hand out one file in two chunks, as Textual's web driver does."""

    def __init__(self, manager: Any) -> None:
        self.manager = manager
        self.chunks = [b"<h1>ticket", b"</h1>", b""]

    async def send_meta(self, told: dict[str, Any]) -> bool:
        assert told["type"] == "deliver_chunk_request"
        await self.manager.chunk_received(told["key"], self.chunks.pop(0))
        return True


@pytest.fixture
async def url(monkeypatch: pytest.MonkeyPatch) -> Any:
    server = web._Server("127.0.0.1", [])
    runner = aio.AppRunner(server._application(), access_log=None)
    await runner.setup()
    await aio.TCPSite(runner, "127.0.0.1", 0).start()
    server._port = runner.addresses[0][1]
    await server._downloads.create_download(
        app_service=Screens(server._downloads),  # type: ignore[arg-type]
        delivery_key="k1",
        file_name='a "ticket"\r\nX: y.html',
        open_method="browser",
        mime_type="text/html",
    )
    yield f"http://127.0.0.1:{server._port}/{server._token}"
    await runner.cleanup()


async def test_a_file_is_handed_over_once_as_an_attachment(url: str) -> None:
    async with aiohttp.ClientSession() as browser:
        async with browser.get(f"{url}/download/k1") as answer:
            assert answer.status == 200
            assert await answer.text() == "<h1>ticket</h1>"
            assert answer.headers["Content-Disposition"] == 'attachment; filename="aticketXy.html"'
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        async with browser.get(f"{url}/download/k1") as again:
            assert again.status == 404


async def test_without_the_token_there_is_no_file(url: str) -> None:
    origin = url.rpartition("/")[0]
    async with aiohttp.ClientSession() as browser:
        for path in ("/download/k1", "/wrong/download/k1"):
            async with browser.get(origin + path) as answer:
                assert answer.status == 403
