"""The parts of the document on who does what by when: units, categories, routes, procedures, limits.

Owns: their shape. Must not: check references between parts (see ``check``).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from bridge.core.policy import Gate, LimitSource, LimitUnit, Who
from bridge.core.retention import Retention
from bridge.core.vocabulary import (
    CounterpartyType,
    DeadlineKind,
    Insurance,
    PartyRole,
    PeriodStage,
    ProcedureId,
    ReceiptType,
    TicketKind,
)
from bridge.rules.document_base import Identifier, Names, Section, Short

AGENCY = "agency"
"""Stands for the agencies of the case's insurance kinds: ``units.*.insurance`` says who runs which kind."""


class UnitEntry(Section):
    """成员单位或外部单位:名称、联系人、电话必填(移送时要告知缴费人)。"""

    name: Short
    contact_person: Short
    contact_phone: Annotated[str, Field(min_length=3, max_length=60)]
    channel: Identifier | None = Field(default=None, description="送达通道,缺省与单位代码相同;地址和密钥在 bridge.toml")
    duty: bool = Field(default=True, description="是否承担交办;领导小组办公室为 false")
    external: bool = Field(default=False, description="机制以外的单位,只用于建议改派")
    coordinators: Names
    insurance: list[Annotated[Insurance, Field(strict=False)]] = Field(
        default_factory=list, description="本单位经办的险种"
    )
    remedy_authority: Short | None = Field(default=None, description="不服本单位行为时的行政复议机关")
    aliases: Names = Field(default_factory=list, description="本单位的全称、简称和下设机构,用来认出被反映的就是本单位")
    supervises: Names = Field(default_factory=list, description="由本单位主管的用人单位;举报它们的件不派给本单位")
    duties: Names


class CategoryEntry(Section):
    """政策列明的争议事项之一。"""

    number: Annotated[int, Field(ge=1, le=10)]
    name: Short
    clause: Short
    legal_basis: Names


class RouteWhen(Section):
    """适用条件;留空的条件不限制。同一条件列多个值,符合其一即可。"""

    insurance: list[Annotated[Insurance, Field(strict=False)]] = Field(default_factory=list)
    agency: Literal["hrss_only", "medical_only", "both"] | None = Field(
        default=None, description="险种归谁经办:只归人社、只归医保、两家都有或不明"
    )
    period: list[Annotated[PeriodStage, Field(strict=False)]] = Field(default_factory=list)
    party: list[Annotated[PartyRole, Field(strict=False)]] = Field(default_factory=list)
    counterparty: list[Annotated[CounterpartyType, Field(strict=False)]] = Field(default_factory=list)
    kind: list[Annotated[TicketKind, Field(strict=False)]] = Field(default_factory=list)
    flags: Names
    without_flags: Names


ANY = RouteWhen(flags=[], without_flags=[])
"""No condition: fits every case."""


class RouteEntry(Section):
    """一条路由:类别加条件,定主办、联办、程序和依据。同类别自上而下,先符合者先用。"""

    id: Identifier
    category: Identifier
    when: RouteWhen = ANY
    lead: Identifier
    co_units: list[Identifier] = Field(default_factory=list)
    procedure: Annotated[ProcedureId, Field(strict=False)] | None = Field(
        default=None, description="缺省:有联办单位为 joint_general,没有为 transfer"
    )
    clause: Annotated[list[Short], Field(min_length=1)]


class DutyEntry(Section):
    """一个阶段里谁欠什么回执。"""

    who: Annotated[Who, Field(strict=False)]
    units: list[Identifier] = Field(default_factory=list)
    owes: Annotated[list[Annotated[ReceiptType, Field(strict=False)]], Field(min_length=1)]


class StageEntry(Section):
    """程序的一个阶段。"""

    id: Identifier
    name: Short
    duties: Annotated[list[DutyEntry], Field(min_length=1)]
    gate: Annotated[Gate, Field(strict=False)] | None = None


class TriggerEntry(Section):
    """建议报专案的一种情形;写了的条件要同时符合。只是建议:由人提请,组长同意。

    review: true 先请人看再派件(只能用工单自身的条件:类别、标记、人数、金额、所属期)。
    """

    id: Identifier
    text: Short
    review: bool = False
    categories: list[Identifier] = Field(default_factory=list)
    flags: Names
    any_units: list[Identifier] = Field(default_factory=list, description="办理单位里有其中之一")
    periods: list[Annotated[PeriodStage, Field(strict=False)]] = Field(default_factory=list)
    people: Annotated[int, Field(ge=0)] = Field(default=0, description="诉求人数不少于")
    units: Annotated[int, Field(ge=0, le=8)] = Field(default=0, description="办理单位不少于几家")
    amount: Annotated[int, Field(ge=0)] = Field(default=0, description="涉及金额不少于(元)")
    years: Annotated[int, Field(ge=0)] = Field(default=0, description="费款所属期不少于几年(工单写明起止的)")
    returns: Annotated[int, Field(ge=0)] = Field(default=0, description="本轮退单不少于几次")
    round: Annotated[int, Field(ge=0)] = Field(default=0, description="第几轮(重办)起")


class ProcedureEntry(Section):
    """一种办理程序:按序的阶段,末了是否由主办综合。

    retention: 归档时记下的保管期限;不写时专案永久、联办 30 年、其余 10 年。程序从不按期删除。
    """

    name: Short
    clause: Short
    consolidate: bool
    retention: Annotated[Retention, Field(strict=False)] | None = None
    triggers: list[TriggerEntry] = Field(default_factory=list, description="建议报专案的情形;只写在 joint_complex")
    stages: Annotated[list[StageEntry], Field(min_length=1)]
    variants: dict[Identifier, Annotated[list[StageEntry], Field(min_length=1)]] = Field(default_factory=dict)


class ExtensionEntry(Section):
    """延期的上限,自原时限届满起算;once: true 只能延一次。"""

    amount: Annotated[int, Field(ge=1, le=400)]
    unit: Annotated[LimitUnit, Field(strict=False)]
    once: bool = True


class LimitEntry(Section):
    """一项时限。decided: false 表示县里尚未决定,取的是建议值。"""

    id: Identifier
    kind: Annotated[DeadlineKind, Field(strict=False)]
    amount: Annotated[int, Field(ge=1, le=400)]
    unit: Annotated[LimitUnit, Field(strict=False)]
    source: Literal["rules", "statute"] = "rules"
    decided: bool = False
    clause: Short
    procedures: list[Annotated[ProcedureId, Field(strict=False)]] = Field(default_factory=list)
    kinds: list[Annotated[TicketKind, Field(strict=False)]] = Field(default_factory=list)
    adapters: list[Identifier] = Field(default_factory=list)
    categories: list[Identifier] = Field(default_factory=list)
    reminded: bool = True
    extension: ExtensionEntry | None = Field(default=None, description="延期上限,只用于 reply 和 opinion;不写则不限")

    @property
    def limit_source(self) -> LimitSource:
        """The core's word for ``source``."""
        return LimitSource(self.source)


class ConfidentialityEntry(Section):
    """保密:哪类工单一律保密、哪些单位可见诉求人。文字标记写在 rules.flags 的 confidential 里。"""

    kinds: list[Annotated[TicketKind, Field(strict=False)]] = Field(default_factory=list)
    visible_to: list[Identifier] = Field(default_factory=list)


class ReturnsEntry(Section):
    """退单:同一案件第几次退单起由领导小组办公室裁定。"""

    adjudicate_after: Annotated[int, Field(ge=1, le=9)] = 2


class MergeEntry(Section):
    """并案:缺省由人办理;automatic 只合并证件号、对方、正文完全相同的工单。"""

    automatic: bool = False
