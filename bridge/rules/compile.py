"""Document to an immutable snapshot: policy, classifier, router, one content hash.

Owns: numbering every word once, ordering nothing, and :class:`CompiledRules`, which satisfies the core's
``Rules``. Must not: read files, or raise while assessing.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from functools import cached_property

import structlog

from bridge.core.assessment import Assessment, Classification, Route
from bridge.core.calendar import PublishedYear
from bridge.core.policy import Policy, RouteFacts, TicketFacts
from bridge.core.values import changed
from bridge.core.vocabulary import Insurance, ProcedureId
from bridge.rules.asking import asked_besides
from bridge.rules.classify import Classifier
from bridge.rules.document import RulesDocument
from bridge.rules.document_evidence import Condition, RulesSection
from bridge.rules.matcher import Chain, Expression, Matcher
from bridge.rules.normalise import Normaliser
from bridge.rules.patterns import compile_regex, pieces
from bridge.rules.period import PeriodReader
from bridge.rules.policy_of import policy_of, triggers_of
from bridge.rules.reading import CompiledCondition, Emphasis, Start, Triggered, Wakers
from bridge.rules.review import LeadOf, Reviewer
from bridge.rules.route import LIGHT_KINDS, Router, route_facts
from bridge.rules.second_opinion import ASKED, Advice, SecondOpinion, parse, shipped_text
from bridge.rules.sureness import Sureness

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class CompiledRules:
    """One snapshot of the rules: what the core reads, and how texts are judged."""

    document: RulesDocument
    hash: str
    opinion: SecondOpinion | None = None
    years: tuple[PublishedYear, ...] = ()

    @cached_property
    def policy(self) -> Policy:
        """The values the core reads."""
        return policy_of(self.document, self.hash, self.years)

    @cached_property
    def classifier(self) -> Classifier:
        """Text to classification."""
        return _classifier(self.document, self.opinion)

    @cached_property
    def router(self) -> Router:
        """Category and facets to units."""
        routes: dict[str, list[object]] = {}
        for entry in self.document.routes:
            routes.setdefault(entry.category, []).append(entry)
        agencies = {kind: name for name, unit in self.document.units.items() for kind in unit.insurance}
        ordered = {kind: agencies[kind] for kind in Insurance if kind in agencies}
        return Router(routes, ordered, self.policy.units)  # type: ignore[arg-type]

    @cached_property
    def reviewer(self) -> Reviewer:
        """Whether a person must look."""
        rules = self.document.rules
        return Reviewer(
            self.document.review,
            dict(rules.flags),
            {name: reason.name for name, reason in rules.out_reasons.items()},
            {name: unit.name for name, unit in self.document.units.items()},
        )

    def prepare(self) -> CompiledRules:
        """Build every part now instead of at the first ticket; returns itself."""
        _ = (self.policy, self.classifier, self.router, self.reviewer)
        if self.opinion is not None:
            self.opinion.prepare()
        return self

    def with_review(self, enabled: bool) -> CompiledRules:  # noqa: FBT001 - the settings' one switch
        """The same rules with the review switched; the content hash stays that of the file."""
        review = self.document.review.model_copy(update={"enabled": enabled})
        document = self.document.model_copy(update={"review": review})
        return self._reading_alike(CompiledRules(document, self.hash, self.opinion, self.years))

    def with_years(self, years: tuple[PublishedYear, ...]) -> CompiledRules:
        """The same rules on a calendar with the deployer's own years (``bridge calendar update``)."""
        if not years:
            return self
        return self._reading_alike(CompiledRules(self.document, self.hash, self.opinion, years))

    def with_opinion(self, opinion: SecondOpinion | None) -> CompiledRules:
        """The same rules with another second opinion, for measuring."""
        return CompiledRules(self.document, self.hash, opinion, self.years)

    def _reading_alike(self, other: CompiledRules) -> CompiledRules:
        """Hand on the classifier, the dearest part to build: neither the calendar nor the review reads texts."""
        vars(other)["classifier"] = self.classifier
        return other

    def assess(self, facts: TicketFacts) -> Assessment:
        """Classify and route one ticket; never raises: a failure is logged and goes to a person."""
        try:
            return self._assess(facts)
        except Exception:  # noqa: BLE001 - registration must not depend on the rules (R20)
            _log.exception("rules.assessment_failed", rules_hash=self.hash)
            nothing = Classification(in_scope=True, review=True, review_reason="规则执行出错,请人工判定")
            return Assessment(nothing, Route(lead=None), self.hash)

    def _assess(self, facts: TicketFacts) -> Assessment:
        found, margin, advice = self.classifier.classify(facts)
        share = 1 / (1 + math.exp(-margin / self.document.rules.scoring.temperature))
        route, lead_of = self._routed(found, facts)
        found, route = self._widened(found, route, facts, advice)
        found = self.reviewer.judge(found, share, route, lead_of, advice)
        if facts.upstream_unit is not None:
            route = self._addressed(route, facts.upstream_unit, facts)
        return Assessment(found, route, self.hash)

    def _routed(self, found: Classification, facts: TicketFacts) -> tuple[Route, LeadOf]:
        """The route of a classification, and who would lead under another category."""
        known = route_facts(found, facts)
        chosen = found.category if found.in_scope else None
        route = self.router.route(chosen, known) if chosen else Route(lead=None)
        return route, lambda category: self.router.lead(category, known)

    def _widened(
        self, found: Classification, route: Route, facts: TicketFacts, advice: Advice | None
    ) -> tuple[Classification, Route]:
        """Ask as well whom the second opinion would; a consultation is nobody else's, and a person's word is final."""
        settings = self.document.rules.second_opinion
        if not (self.opinion and settings and advice and found.category and route.lead) or facts.kind in LIGHT_KINDS:
            return found, route
        known = self.document.rules.flags
        flags = asked_besides(self.opinion, advice, found, route, settings.ask_border, known)
        if not flags:
            return found, route
        found = changed(found, flags=tuple(sorted({*found.flags, *flags})))
        return found, self._routed(found, facts)[0]

    def sureness(self, facts: TicketFacts) -> Sureness:
        """How sure the lead of a ticket is, for a person who asks why."""
        found, _, advice = self.classifier.classify(facts)
        route, lead_of = self._routed(found, facts)
        return self.reviewer.sureness(found, route, lead_of, advice)

    def route(self, category: str, facts: RouteFacts) -> Route:
        """Route a category chosen by a person; whom the second opinion would ask for another says nothing of it."""
        flags = tuple(flag for flag in facts.flags if flag not in ASKED)
        return self.router.route(category, replace(facts, flags=flags))

    def _addressed(self, route: Route, upstream_unit: str, facts: TicketFacts) -> Route:
        """Ask the upstream's own addressee first, where it is a unit of the mechanism with duties."""
        unit = self.policy.unit_named(upstream_unit)
        if unit is None or not unit.duty or unit.external or unit.id == route.lead:
            return route
        co_units = tuple(name for name in route.co_units if name != unit.id)
        procedure = route.procedure
        if not co_units:
            procedure = ProcedureId.DIRECT if facts.accepting_unit == unit.id else ProcedureId.TRANSFER
        return replace(route, lead=unit.id, co_units=co_units, procedure=procedure)


def compile_rules(document: RulesDocument, text: bytes) -> CompiledRules:
    """Compile a checked document; the SHA-256 of the file (and of the second opinion) names the snapshot."""
    digest = hashlib.sha256(text)
    opinion = None
    if document.rules.second_opinion is not None:
        model = shipped_text()
        digest.update(model.encode())
        opinion = parse(model)
    return CompiledRules(document, digest.hexdigest()[:16], opinion).prepare()


class Vocabulary:
    """Compiles conditions against one matcher; every distinct set of words is numbered once."""

    def __init__(self, rules: RulesSection) -> None:
        """Take the word groups and spellings of the document."""
        self.matcher = Matcher()
        self.normaliser = Normaliser(rules.normalise.typos, rules.normalise.fold)
        self._groups = rules.words

    def concept(self, patterns: list[str]) -> int:
        """One concept for a plain list of words."""
        return self.matcher.concept(self._words(patterns))

    def protect(self, patterns: list[str]) -> None:
        """No hit may begin or end in the middle of these words."""
        self.matcher.protect(self._words(patterns))

    def _words(self, patterns: list[str]) -> list[str]:
        return [word for pattern in patterns for word in pieces(pattern, self._groups, self.normaliser)[0]]

    def condition(self, condition: Condition) -> CompiledCondition:
        """Compile one condition of the document."""
        any_, all_, none = (
            self._chains(patterns, condition.gap) for patterns in (condition.any, condition.all, condition.none)
        )
        starts: tuple[Start, ...] = (*any_, *map(self._expression, condition.regex))
        if not starts:
            starts, all_ = all_[:1], all_[1:]
        return CompiledCondition(starts, all_, none, condition.within, condition.where)

    def _expression(self, source: str) -> Expression:
        regex = compile_regex(source, self.normaliser)
        return Expression(self.matcher.concept([regex.literal]), regex)

    def _chains(self, patterns: list[str], gap: int) -> tuple[Chain, ...]:
        """Chains of the patterns; the single words among them share one concept."""
        parsed = [pieces(pattern, self._groups, self.normaliser) for pattern in patterns]
        single = frozenset(word for parts in parsed if len(parts) == 1 for word in parts[0])
        chains = [Chain(self.matcher.concept(single), (), gap)] if single else []
        for first, *others in (map(self.matcher.concept, parts) for parts in parsed if len(parts) > 1):
            chains.append(Chain(first, tuple(others), gap))
        return tuple(chains)


def _classifier(document: RulesDocument, opinion: SecondOpinion | None) -> Classifier:
    rules, words, wakers = document.rules, Vocabulary(document.rules), Wakers()
    evidence = Triggered(((rule, words.condition(rule)) for rule in rules.evidence), wakers)
    scope = Triggered(((rule, words.condition(rule)) for rule in rules.scope), wakers)
    insurance = Triggered(((rule, words.condition(rule)) for rule in rules.insurance), wakers)
    flags = Triggered(((rule, words.condition(rule)) for rule in rules.flag_rules), wakers)
    classifier = Classifier(
        normaliser=words.normaliser,
        slips=words.matcher.concept(words.normaliser.slips),
        ignore=tuple(compile_regex(source, words.normaliser) for source in rules.normalise.ignore),
        matcher=words.matcher,
        emphasis=_emphasis(rules, words),
        wakers=wakers,
        scoring=rules.scoring,
        evidence=evidence,
        scope=scope,
        insurance=insurance,
        flags=flags,
        period=_period(rules, words),
        categories={name: each.name for name, each in document.categories.items()},
        hesitations=tuple(each for each in triggers_of(document.procedures) if each.review),
        opinion=opinion,
        opinion_settings=rules.second_opinion,
    )
    words.protect(rules.normalise.whole_words)
    words.matcher.finish()
    return classifier


def _emphasis(rules: RulesSection, words: Vocabulary) -> Emphasis:
    return Emphasis(
        title=rules.scoring.title_factor,
        request=rules.scoring.request_factor,
        quote=rules.scoring.quote_factor,
        negation=words.concept(rules.negation.words),
        exceptions=words.concept(rules.negation.exceptions),
        request_words=words.concept(rules.scoring.request_words),
        reach=rules.negation.reach,
    )


def _period(rules: RulesSection, words: Vocabulary) -> PeriodReader:
    def month(text: str) -> tuple[int, int]:
        return int(text[:4]), int(text[5:7])

    return PeriodReader(
        reform={kind: month(text) for kind, text in rules.period.reform.items()},
        default=month(rules.period.default_reform),
        fee_words=words.concept(rules.period.fee_words),
        skip_words=words.concept(rules.period.skip_words),
    )
