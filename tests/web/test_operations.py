"""Health, metrics, OpenAPI; what happens when the database is away or there is a bug; headers and log lines."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate

from bridge.errors import OutcomeUnknown, StaleRow, Unavailable
from bridge.logs import configure_logs
from bridge.web.routes import ROUTES, Caller
from tests.web.conftest import SINGLE, Site


class Failing:
    """The error paths only: a service whose database is away, or which has a bug."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        async def fail(*_: object, **__: object) -> Any:
            raise self._error

        return fail


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    from datetime import UTC, datetime

    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    stream = io.StringIO()
    configure_logs(lambda: datetime(2026, 3, 2, tzinfo=UTC), stream=stream)
    yield stream
    structlog.reset_defaults()
    logging.getLogger().handlers, logging.getLogger().level = handlers, level


async def test_health_and_readiness(site: Site) -> None:
    assert (await site.ask("GET", "/healthz")).body == {"status": "ok"}
    assert (await site.ask("GET", "/readyz")).status == 200
    site.service.readiness_checks.append(lambda: ["规则未载入"])
    answer = await site.ask("GET", "/readyz")
    assert answer.status == 503
    assert answer.body["not_ready"] == ["规则未载入"]
    assert answer.is_problem


async def test_metrics_count_what_happened(site: Site) -> None:
    await site.ticket()
    text = (await site.ask("GET", "/metrics")).raw.decode()
    assert 'ticketbridge_intake_duration_seconds_count{feed="hotline"} 1.0' in text
    assert "ticketbridge_build_info" in text


async def test_a_process_that_ends_serves_on_and_lets_no_connection_be_kept(serve: Callable[..., Any]) -> None:
    site = await serve()
    assert "Connection" not in (await site.ticket()).headers
    object.__setattr__(site.context, "draining", lambda: True)
    answer = await site.ticket()
    assert answer.status == 202
    assert answer.headers["Connection"] == "close"


@pytest.mark.parametrize("error", [Unavailable("gone"), OutcomeUnknown("lost"), StaleRow("again")])
async def test_a_database_away_is_503_with_retry_after(serve: Callable[..., Any], error: Exception) -> None:
    site = await serve(service=Failing(error))
    for answer in (
        await site.ticket(),
        await site.signed("tax", "POST", "/v1/units/tax/assignments/a1/receipts", {"type": "signed"}),
        await site.signed("hotline", "GET", "/v1/feeds/hotline/updates"),
        await site.signed("hotline", "POST", "/v1/feeds/hotline/batch", json.dumps(site.draft()).encode()),
        await site.ask("GET", "/v1/cases", headers={"Authorization": "Bearer tb_x"}),
    ):
        assert answer.status == 503
        assert answer.is_problem
        assert int(answer.headers["Retry-After"]) > 0
        assert ("未作任何登记" in answer.body["detail"]) is not isinstance(error, OutcomeUnknown)
    assert site.context.metrics.value("intake_rejected_total", feed="hotline", reason="unavailable") >= 2


async def test_a_bug_is_500_says_nothing_and_is_logged_once(serve: Callable[..., Any], out: io.StringIO) -> None:
    site = await serve(service=Failing(ZeroDivisionError("13912345678 张三")))
    answer = await site.ticket()
    assert answer.status == 500
    assert answer.is_problem
    assert "Zero" not in answer.raw.decode()
    failed = [line for line in map(json.loads, out.getvalue().splitlines()) if line["event"] == "request.failed"]
    assert len(failed) == 1
    assert "ZeroDivisionError" in failed[0]["exception"]
    assert "13912345678" not in out.getvalue()


async def test_one_canonical_line_a_request_without_personal_data(serve: Callable[..., Any], out: io.StringIO) -> None:
    site = await serve()
    petitioner = {"name": "季女士", "phone": "13900000101", "id_number": "140525199001011234"}
    await site.ticket(petitioner=petitioner, content=SINGLE + "回电13900000102")
    await site.signed("hotline", "POST", "/v1/feeds/hotline/tickets", {"季女士13900000103": 1})
    await site.ask("GET", "/v1/cases/13900000104?external_id=季女士", headers={"Authorization": "Bearer tb_secret"})
    await site.ask("GET", "/healthz")
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    answered = [line for line in lines if line["event"] == "request.answered"]
    assert [line["status"] for line in answered] == [202, 422, 401]
    assert answered[0]["route"] == "/v1/feeds/{feed}/tickets"
    assert answered[0]["feed"] == "hotline"
    assert answered[0]["case_id"].startswith("c")
    for private in ("季女士", "1390000010", "14052519900101", "tb_secret"):
        assert private not in out.getvalue()


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("DELETE", "/healthz", 405)])
async def test_unknown_addresses_and_methods_are_problems(site: Site, method: str, path: str, status: int) -> None:
    answer = await site.ask(method, path)
    assert answer.status == status
    assert answer.is_problem


async def test_security_headers_are_everywhere(site: Site) -> None:
    for path in ("/healthz", "/nothing", "/v1/cases", "/openapi.json"):
        headers = (await site.ask("GET", path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert headers["Server"] == "ticket-bridge"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


async def test_openapi_is_valid_and_describes_every_route(site: Site) -> None:
    document = (await site.ask("GET", "/openapi.json")).body
    validate(document)
    assert document["openapi"].startswith("3.1")
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(route.method, route.path) for route in ROUTES}
    operations = [operation for methods in document["paths"].values() for operation in methods.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)


async def test_every_route_that_needs_a_proof_refuses_without_one(site: Site) -> None:
    for route in ROUTES:
        path = route.path.format(feed="hotline", unit="tax", assignment_id="a1", case_id="c1", document_id="d1")
        if route.path.startswith("/v1/{"):
            continue
        answer = await site.ask(route.method, path)
        assert (route.path, answer.status == 401) == (route.path, route.caller is not Caller.ANYBODY)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    path=st.sampled_from(["/v1/feeds/hotline/tickets", "/v1/feeds/hotline/events", "/v1/feeds/hotline/batch"]),
    body=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["external_id", "type", "content", "received_at", "x"]), inner, max_size=4
            )
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)
async def test_no_signed_body_is_a_bug(site: Site, path: str, body: bytes) -> None:
    answer = await site.signed("hotline", "POST", path, body)
    assert answer.status in {200, 202, 400, 404, 422}
