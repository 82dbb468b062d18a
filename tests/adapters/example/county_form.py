"""An unit's web form: no key, no look-up, its verdict inside a 200. One file is the whole adapter."""

from __future__ import annotations

import io
import json
from urllib.parse import urlencode

import aiohttp

from bridge.adapter import (
    AdapterConfig,
    Address,
    Capabilities,
    DeliveryError,
    FailureReason,
    OutboundMessage,
    UnitAdapter,
    loads_object,
)

MAX_ANSWER_BYTES = 64 * 1024
REASONS = {401: FailureReason.UNAUTHORIZED, 403: FailureReason.UNAUTHORIZED, 429: FailureReason.RATE_LIMITED}


class CountyFormConfig(AdapterConfig):
    """``url`` is the form's address."""

    url: Address
    timeout_seconds: float = 10.0


class CountyForm(UnitAdapter[CountyFormConfig]):
    """A form knows no key: an answer that got lost may be an entry made, so it is never sent again blindly."""

    Config = CountyFormConfig
    capabilities = Capabilities(idempotent=False)

    async def dispatch(self, message: OutboundMessage) -> None:
        """Fill in the form once."""
        case = loads_object(message.payload)
        form = {"number": str(case["assignment_id"]), "content": json.dumps(case["case"], ensure_ascii=False)}
        try:
            status, body = await self._post(form)
        except aiohttp.ClientConnectorError:
            raise self._failed(FailureReason.UNAVAILABLE, "连接不上") from None
        except (aiohttp.ClientError, TimeoutError):
            raise self._failed(FailureReason.UNCERTAIN, "已送出，没有收到应答") from None
        self._judge(status, body)

    async def _post(self, form: dict[str, str]) -> tuple[int, bytes]:
        limit = aiohttp.ClientTimeout(total=self.config.timeout_seconds)
        body = io.BytesIO(urlencode(form).encode())
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        async with self.context.http.post(
            self.config.url, data=body, headers=headers, timeout=limit, allow_redirects=False
        ) as answer:
            return answer.status, await answer.content.read(MAX_ANSWER_BYTES)

    def _judge(self, status: int, body: bytes) -> None:
        if 200 <= status < 300:
            if b'"error"' in body:
                raise self._failed(FailureReason.REJECTED, "应答中有错误")
            return
        unavailable = status >= 500 or status == 408
        reason = REASONS.get(status, FailureReason.UNAVAILABLE if unavailable else FailureReason.REJECTED)
        raise self._failed(reason, f"应答 {status}")

    def _failed(self, reason: FailureReason, what: str) -> DeliveryError:
        return DeliveryError(reason, f"{self.context.name} {what}")
