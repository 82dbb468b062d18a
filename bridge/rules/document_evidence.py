"""The part of the document on how a text is read: words, normalising, evidence, facets, scope.

Owns: the shape of ``rules:``. A pattern is a text: ``滞纳金`` a word, ``<单位>`` a word group, ``~`` some
characters in between within one sentence, so ``<扣>~社保~<没交>`` reads as it is said. Must not: match anything.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bridge.core.vocabulary import Insurance, TicketKind
from bridge.rules.document_base import Identifier, IsoMonth, Section, Short

Pattern = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"\S")]
"""A word, a group in angle brackets, or several of them joined by ``~``."""

GroupName = Annotated[str, StringConstraints(min_length=1, max_length=30, pattern=r"^[^<>~\s]+$")]

Patterns = Annotated[list[Pattern], Field(default_factory=list)]


class OutReason(Section):
    """一种不属本机制的事项:名称和建议去处。"""

    name: Short
    suggested: Identifier | None = Field(default=None, description="units 中的单位代码")


class Condition(Section):
    """出现什么算命中:any 任一、all 同时、none 不得有(缺省看同一句;within: text 看全文);regex 为 RE2 正则。"""

    any: Patterns
    all: Patterns
    none: Patterns
    regex: Patterns
    within: Literal["sentence", "text"] = "sentence"
    where: Literal["anywhere", "title", "body"] = "anywhere"
    gap: Annotated[int, Field(ge=0, le=60)] = Field(default=12, description="~ 处最多隔几个字")


class EvidenceRule(Condition):
    """一条证据:命中则给类别加(负数为减)分。"""

    id: Identifier
    category: Identifier
    weight: Annotated[float, Field(ge=-20, le=20, strict=False)]
    kinds: list[Annotated[TicketKind, Field(strict=False)]] = Field(default_factory=list)
    decisive: bool = Field(default=False, description="命中即定类:只在命中的 decisive 规则之间比分")
    note: Short | None = None


class ScopeRule(Condition):
    """一条范围证据:in 表示属社会保险费征缴争议,out 给出不属的原因。"""

    id: Identifier
    weight: Annotated[float, Field(ge=-20, le=20, strict=False)]
    scope: Literal["in", "out"]
    reason: Identifier | None = None
    note: Short | None = None


class InsuranceRule(Condition):
    """文字说到哪个险种。"""

    id: Identifier
    insurance: Annotated[list[Annotated[Insurance, Field(strict=False)]], Field(min_length=1)]
    categories: list[Identifier] = Field(default_factory=list, description="只在判为这些类别时有效")


class FlagRule(Condition):
    """给案件加标记,供路由和保密使用;标记的含义写在 flags 里。"""

    id: Identifier
    flag: Identifier
    categories: list[Identifier] = Field(default_factory=list, description="只在判为这些类别时有效")


class Negation(Section):
    """否定:这些词后面几个字之内、同一小句里的词不算证据;except 中的写法除外。"""

    words: Patterns
    exceptions: Patterns
    reach: Annotated[int, Field(ge=1, le=30)] = 6


class Normalise(Section):
    """统一写法:typos 错别字和语音转写,fold 单字统一,ignore 整段忽略的正则。

    whole_words 是不能拆开看的词:“退休”里的“退”、“社保卡”里的“社保”不单独算。
    """

    typos: dict[str, str] = Field(default_factory=dict)
    fold: dict[Annotated[str, StringConstraints(min_length=1, max_length=1)], str] = Field(default_factory=dict)
    ignore: Patterns
    whole_words: Patterns


class PeriodSettings(Section):
    """改革前后:各险种统一征收的首月,和说明费款所属期的用词。"""

    reform: dict[Annotated[Insurance, Field(strict=False)], IsoMonth]
    default_reform: IsoMonth
    fee_words: Patterns
    skip_words: Patterns


class Scoring(Section):
    """评分参数:标题、诉求句、引文的倍数,范围门槛,置信度的温度。"""

    title_factor: Annotated[float, Field(ge=0, le=5, strict=False)] = 1.5
    request_factor: Annotated[float, Field(ge=0, le=5, strict=False)] = 1.2
    quote_factor: Annotated[float, Field(ge=0, le=5, strict=False)] = 0.6
    request_words: Patterns
    scope_threshold: Annotated[float, Field(ge=-50, le=50, strict=False)] = 1.0
    temperature: Annotated[float, Field(gt=0, le=20, strict=False)] = 1.5
    second_ratio: Annotated[float, Field(ge=0, le=1, strict=False)] = 0.5


class SecondOpinionSettings(Section):
    """从标注例子学来的第二意见(bridge rules learn):给各类别加减分的倍数;删去这一节即不用。

    它加减的分有限;标了 decisive: true 的规则命中时,它无权改判。
    """

    weight: Annotated[float, Field(ge=0, le=30, strict=False)] = 8.0
    scope_weight: Annotated[float, Field(ge=0, le=30, strict=False)] = 2.0
    scope_border: Annotated[float, Field(ge=-3, le=3, strict=False)] = 0.3
    ask_border: Annotated[
        float, Field(ge=-3, le=3, strict=False, description="联办:把握超过多少才多请一家(标记 also_*);越大请得越少")
    ] = 0.0


class RulesSection(Section):
    """如何读懂一段文字。"""

    words: dict[GroupName, Annotated[list[Pattern], Field(min_length=1)]] = Field(default_factory=dict)
    normalise: Normalise = Normalise(ignore=[], whole_words=[])
    negation: Negation = Negation(words=[], exceptions=[])
    scoring: Scoring = Scoring(request_words=[])
    second_opinion: SecondOpinionSettings | None = None
    out_reasons: dict[Identifier, OutReason] = Field(default_factory=dict)
    scope: list[ScopeRule] = Field(default_factory=list)
    evidence: list[EvidenceRule] = Field(default_factory=list)
    insurance: list[InsuranceRule] = Field(default_factory=list)
    period: PeriodSettings
    flags: dict[Identifier, Short] = Field(default_factory=dict, description="标记词汇表:代码 → 含义")
    flag_rules: list[FlagRule] = Field(default_factory=list)
