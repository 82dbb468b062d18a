"""Documents over real HTTP: list, issue, fetch; who may, what is blanked, what is refused."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from bridge.documents.shelf import Shelf
from bridge.web.papers import DOCX
from bridge.wire.outgoing.documents import DocumentList
from tests.web.conftest import SINGLE, Answered, Site

SECRET = {"name": "桑小禾", "phone": "13600000303", "confidential": True}
EMPLOYER = {"name": "永茂水泥制品有限公司", "type": "employer"}
WITHHELD = "单位2024年每月从工资里扣社保却没有缴，养老、失业、医保都断缴，要求追缴欠费。"


def papers(case_id: str, document_id: str | None = None) -> str:
    return f"/v1/cases/{case_id}/documents" + (f"/{document_id}" if document_id else "")


async def issue(site: Site, case_id: str, headers: dict[str, str] | None = None, **body: Any) -> Answered:
    headers = headers or await site.token("operator")
    return await site.ask("POST", papers(case_id), json.dumps(body).encode(), headers)


async def words(site: Site, case_id: str, document_id: str, headers: dict[str, str]) -> str:
    answer = await site.ask("GET", papers(case_id, document_id), headers=headers)
    assert answer.status == 200
    document = Document(io.BytesIO(answer.raw))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


async def test_issue_list_and_fetch(site: Site) -> None:
    case_id = (await site.ticket(petitioner={"name": "桑小禾"})).body["case_id"]
    office = await site.token("office")
    assert (await site.ask("GET", papers(case_id), headers=office)).body == {"case_id": case_id, "documents": []}
    issued = await issue(site, case_id, office, kind="register")
    assert issued.status == 200
    DocumentList.model_validate(issued.body)
    [register] = issued.body["documents"]
    assert (register["kind"], register["number"]) == ("register", "泽社争登〔2026〕1号")
    assert (await issue(site, case_id, kind="register")).body == issued.body
    assert (await site.ask("GET", papers(case_id), headers=office)).body == issued.body
    answer = await site.ask("GET", papers(case_id, register["id"]), headers=office)
    assert answer.headers["Content-Type"] == DOCX
    assert len(answer.raw) == register["size"]
    name = re.fullmatch(r'attachment; filename="([\w.-]+)"', answer.headers["Content-Disposition"], re.ASCII)
    assert name is not None
    assert name[1] == register["name"] == f"{register['id']}-register.docx"
    assert "桑小禾" in await words(site, case_id, register["id"], office)
    history = (await site.ask("GET", f"/v1/cases/{case_id}/history", headers=office)).body
    assert [event["type"] for event in history["events"]][-2:] == ["document.read", "document.read"]


@pytest.mark.parametrize(("role", "status"), [("operator", 200), ("office", 200), ("admin", 200), ("leader", 403),
                                              ("auditor", 403), ("clerk", 403)])  # fmt: skip
async def test_who_issues_and_who_reads(site: Site, role: str, status: int) -> None:
    case_id = (await site.ticket()).body["case_id"]
    headers = await site.token(role, "tax" if role == "clerk" else None)
    assert (await issue(site, case_id, headers, kind="register")).status == status
    [register] = (await issue(site, case_id, kind="register")).body["documents"]
    for path in (papers(case_id), papers(case_id, register["id"])):
        assert (await site.ask("GET", path, headers=headers)).status == 200


async def test_a_clerk_reads_the_own_units_papers_only(site: Site) -> None:
    case_id = (await site.ticket(content=WITHHELD)).body["case_id"]
    assert (await issue(site, case_id, kind="register")).status == 200
    slips = {each["unit"]: each["id"] for each in (await issue(site, case_id, kind="assignment")).body["documents"]}
    assert {"tax", "hrss"} <= set(slips)
    clerk, outsider = await site.token("clerk", "hrss"), await site.token("clerk", "finance")
    shown = (await site.ask("GET", papers(case_id), headers=clerk)).body["documents"]
    assert {each["unit"] for each in shown} == {None, "hrss"}
    assert (await site.ask("GET", papers(case_id, slips["hrss"]), headers=clerk)).status == 200
    for headers, path in [
        (clerk, papers(case_id, slips["tax"])),
        (outsider, papers(case_id)),
        (outsider, papers(case_id, slips["hrss"])),
        (await site.token("clerk"), papers(case_id)),
    ]:
        refused = await site.ask("GET", path, headers=headers)
        assert (refused.status, refused.is_problem) == (403, True)


async def test_a_clerk_reads_the_papers_of_what_the_own_counter_registered(site: Site) -> None:
    body = json.dumps({"content": SINGLE, "unit": "hrss"}).encode()
    case_id = (await site.ask("POST", "/v1/cases", body, await site.token("operator"))).body["case_id"]
    await issue(site, case_id, kind="register")
    answer = await site.ask("GET", papers(case_id), headers=await site.token("clerk", "hrss"))
    assert [each["kind"] for each in answer.body["documents"]] == ["register"]


async def test_who_is_not_entitled_gets_the_blanked_copy(site: Site) -> None:
    case_id = (await site.ticket(kind="report", petitioner=SECRET, content=WITHHELD)).body["case_id"]
    [register] = (await issue(site, case_id, kind="register")).body["documents"]
    assert "桑小禾" in await words(site, case_id, register["id"], await site.token("office"))
    for headers in (await site.token("auditor"), await site.token("clerk", "hrss")):
        text = await words(site, case_id, register["id"], headers)
        assert "登记表" in text
        assert "桑小禾" not in text
        assert "13600000303" not in text


async def test_the_clerk_of_a_unit_the_report_turned_against_sees_no_paper(site: Site) -> None:
    draft = site.draft(kind="report", counterparty=EMPLOYER, content=WITHHELD)
    case_id = (await site.signed("hotline", "POST", "/v1/feeds/hotline/tickets", draft)).body["case_id"]
    [register] = (await issue(site, case_id, kind="register")).body["documents"]
    clerk = await site.token("clerk", "tax")
    assert (await site.ask("GET", papers(case_id), headers=clerk)).status == 200
    event = {"external_id": draft["external_id"], "type": "supplement", "content": "另举报县税务局包庇该公司。"}
    assert (await site.signed("hotline", "POST", "/v1/feeds/hotline/events", event)).status == 202
    for path in (f"/v1/cases/{case_id}", papers(case_id), papers(case_id, register["id"])):
        assert (path, (await site.ask("GET", path, headers=clerk)).status) == (path, 403)


async def test_what_is_not_there_is_404(site: Site) -> None:
    case_id, other = [(await site.ticket()).body["case_id"] for _ in range(2)]
    [register] = (await issue(site, case_id, kind="register")).body["documents"]
    headers = await site.token("operator")
    for path in (papers("nothing"), papers(case_id, "nothing"), papers(other, register["id"])):
        refused = await site.ask("GET", path, headers=headers)
        assert (path, refused.status, refused.is_problem) == (path, 404, True)
    assert (await issue(site, "nothing", kind="register")).status == 404
    assert (await issue(site, case_id, kind="reply_payer")).status == 404
    assert (await issue(site, case_id, kind="assignment", subject="nothing")).status == 404


@pytest.mark.parametrize(
    ("body", "field"), [({}, "kind"), ({"kind": "poem"}, "kind"), ({"kind": "register", "surplus": 1}, "surplus")]
)
async def test_a_wrong_request_is_named(site: Site, body: dict[str, Any], field: str) -> None:
    answer = await issue(site, (await site.ticket()).body["case_id"], **body)
    assert answer.status == 422
    assert [problem["path"] for problem in answer.body["errors"]] == [field]


async def test_a_template_that_cannot_be_used_says_what_to_do(site: Site, tmp_path: Path) -> None:
    (tmp_path / "register.docx").write_bytes(b"not a document")
    case_id = (await site.ticket()).body["case_id"]
    object.__setattr__(site.context.desk, "shelf", Shelf(tmp_path))
    answer = await issue(site, case_id, kind="register")
    assert (answer.status, answer.is_problem) == (500, True)
    assert "bridge documents check" in answer.body["detail"]
