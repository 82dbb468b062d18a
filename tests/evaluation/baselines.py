"""The obvious baselines, cross-validated on the same rows: plain keywords, TF-IDF with a linear SVM, jieba words.

Keywords need nothing; the other two need ``make setup-eval`` and are left out without it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence

from tests.evaluation.data import Row
from tests.evaluation.scoring import Answer

KEYWORDS = {
    6: ("滞纳金",),
    7: ("退费", "退款", "退还", "退回"),
    3: ("基数", "缴费工资"),
    5: ("一次性", "核定", "趸缴"),
    2: ("查不到", "记录", "推送"),
    9: ("欠缴", "拖欠", "追缴", "断缴", "不交社保"),
    8: ("报销", "养老金", "退休", "待遇", "津贴", "住院", "工伤"),
    1: ("参保", "转移", "登记", "买社保"),
    4: ("缴费标准", "多扣", "多少钱", "涨"),
    10: ("发票", "收据", "票据"),
}
SUBJECT = ("社保", "保险", "医保", "养老", "农合", "参保", "退休", "工伤", "失业金", "生育津贴", "滞纳金")
LEADS = {1: "hrss", 2: "hrss", 5: "hrss", 8: "hrss"}
MEDICAL = ("医保", "医疗", "农合", "住院", "报销", "生育")
FOLDS = 5


def _text(row: Row) -> str:
    return f"{row.get('title') or ''}\n{row.get('text') or ''}"


def _lead(category: int, text: str) -> str:
    lead = LEADS.get(category, "tax")
    return "medical" if lead == "hrss" and any(word in text for word in MEDICAL) else lead


def keywords(rows: Sequence[Row]) -> list[tuple[Row, Answer]]:
    """The first category one of whose words occurs; in scope if a subject word occurs."""
    answers = []
    for row in rows:
        text = _text(row)
        inside = any(word in text for word in SUBJECT)
        category = next((number for number, words in KEYWORDS.items() if any(word in text for word in words)), 10)
        answer = Answer(inside, category, _lead(category, text), (), "transfer") if inside else Answer(in_scope=False)
        answers.append((row, answer))
    return answers


def available() -> dict[str, Callable[[Sequence[Row]], list[tuple[Row, Answer]]]]:
    """The baselines whose packages are installed."""
    found: dict[str, Callable[[Sequence[Row]], list[tuple[Row, Answer]]]] = {"关键词": keywords}
    if importlib.util.find_spec("sklearn"):
        found["TF-IDF 字(1-3)+LinearSVC"] = lambda rows: _svm(rows, "char")
        if importlib.util.find_spec("jieba"):
            found["jieba 词 TF-IDF+LinearSVC"] = lambda rows: _svm(rows, "jieba")
    return found


def _svm(rows: Sequence[Row], words: str) -> list[tuple[Row, Answer]]:
    """One classifier over ten categories and 'out', five folds."""
    from sklearn.model_selection import KFold

    texts = [_text(row) for row in rows]
    labels = [row["category"] if row["in_scope"] else 0 for row in rows]
    answers: list[tuple[Row, Answer]] = []
    for train, test in KFold(FOLDS, shuffle=True, random_state=1).split(texts):
        model = _pipeline(words)
        model.fit([texts[place] for place in train], [labels[place] for place in train])
        for place, number in zip(test, model.predict([texts[place] for place in test]), strict=True):
            category = int(number)
            lead = _lead(category, texts[place]) if category else None
            answers.append((rows[place], Answer(category > 0, category or None, lead, (), "transfer")))
    return answers


def _pipeline(words: str):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    if words == "char":
        vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True, min_df=2)
    else:
        import jieba

        vectorizer = TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None, sublinear_tf=True)
    return make_pipeline(vectorizer, LinearSVC())
