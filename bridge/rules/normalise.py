"""One way of writing: full-width forms, spaces, traditional characters, typing and dictation slips.

Owns: the normal form of texts and of the words in the rules (both go through the same function, so that an
operator writes a word once), sentences, quoted passages. Must not: know what a word means.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from ahocorasick_rs import AhoCorasick

_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_SPACES = _INVISIBLE + "".join(char for char in map(chr, range(0x3001)) if char.isspace() and char != "\n")
"""What carries no meaning between Chinese words; no space stands behind U+3000 in Unicode."""

_NO_CHARACTERS = "".join(map(chr, range(0xD800, 0xE000)))
"""Bytes that were not UTF-8 arrive as these halves of a pair; no encoder, hence no matcher, takes them."""

_TAGS = re.compile(r"<[a-zA-Z/][^<>\n]{0,200}>")
_SENTENCE_END = re.compile(r"[。!?;\n…][。!?;\n…]*")
_CLAUSE_END = re.compile(r"[。!?;\n…,、:]")
_QUOTES = re.compile(r"[“「『]([^“”「」『』\n]{1,120})[”」』]")

_WIDE = range(0xFF01, 0xFF5F)
_WIDE_OFFSET = 0xFEE0
"""Full-width forms of ASCII stand this far behind it in Unicode; NFKC maps them so."""

# Characters of traditional writing that occur in the words of this field; the rest stays as written.
_TRADITIONAL = dict(
    zip(
        "險費繳納稅務醫療單廠業資養職個員關係轉續記錄報銷補欠鄉鎮農請問為嗎無們這開領導賬戶號碼還沒罰款檢查執證辦會國給發後來應該過時間與對讓說話歲婦"
        "產傷殘撫喪額滯縣區東車隊長處復議訴訟調協條規則當總級別種類標準檔歷據電網頭點線約簽訂書寫買賣價錢銀礦場莊樓層門聯絡統劃撥匯貸餘減損賠償獎懲違"
        "審覈實確認識驗鑒鑑備異遷離齡視藥護診斷嬰兒學師幹軍屬遺媽爺親鄰從憑複漲結貼貧難優歸麼樣誰謝聽見現錯誤閉帳齊滿終擔徵財購貨質貴負責舉稱經戰廳機"
        "構勞動僱傭團組織黨萬億兩雙幾節壓廢遲運輸郵",
        "险费缴纳税务医疗单厂业资养职个员关系转续记录报销补欠乡镇农请问为吗无们这开领导账户号码还没罚款检查执证办会国给发后来应该过时间与对让说话岁妇"
        "产伤残抚丧额滞县区东车队长处复议诉讼调协条规则当总级别种类标准档历据电网头点线约签订书写买卖价钱银矿场庄楼层门联络统划拨汇贷余减损赔偿奖惩违"
        "审核实确认识验鉴鉴备异迁离龄视药护诊断婴儿学师干军属遗妈爷亲邻从凭复涨结贴贫难优归么样谁谢听见现错误闭帐齐满终担征财购货质贵负责举称经战厅机"
        "构劳动雇佣团组织党万亿两双几节压废迟运输邮",
        strict=True,
    )
)


@dataclass(frozen=True)
class Normaliser:
    """The operators' table of spellings, applied after Unicode's own."""

    typos: Mapping[str, str]
    fold: Mapping[str, str]

    @cached_property
    def _once(self) -> dict[str, str]:
        """Full-width forms, traditional characters, spaces and the operators' own folding in one table."""
        plain = {chr(wide): chr(wide - _WIDE_OFFSET) for wide in _WIDE} | _TRADITIONAL
        plain |= {form: char for char in self.fold for form in (char, char.upper()) if len(form) == 1}
        fold = str.maketrans(dict(self.fold))
        return dict.fromkeys(_SPACES + _NO_CHARACTERS, "") | {
            char: to.lower().translate(fold) for char, to in plain.items()
        }

    @cached_property
    def _rewritten(self) -> re.Pattern[str]:
        """Finds the characters of :attr:`_once`: most of a text has none, so looking up each would be dear."""
        return re.compile(f"[{''.join(map(re.escape, self._once))}]")

    @cached_property
    def _typos(self) -> tuple[tuple[str, str], ...]:
        spelt = ((self.word(wrong), self.word(right)) for wrong, right in self.typos.items())
        return tuple((wrong, right) for wrong, right in spelt if wrong)

    @cached_property
    def _finder(self) -> AhoCorasick:
        """Tells in one pass whether a text has any of the slips at all."""
        return AhoCorasick(self.slips)

    @cached_property
    def slips(self) -> tuple[str, ...]:
        """The wrong spellings: a plain text without any of them is in normal form already."""
        return tuple(wrong for wrong, _ in self._typos)

    def word(self, text: str) -> str:
        """Normal form without the spelling table; for the words of the rules."""
        plain = self._rewrite(text)
        if not unicodedata.is_normalized("NFKC", plain):
            plain = self._rewrite(unicodedata.normalize("NFKC", text).lower())
        return plain.lower()

    def _rewrite(self, text: str) -> str:
        once = self._once
        return self._rewritten.sub(lambda found: once[found[0]], text)

    def plain(self, text: str) -> str:
        """A citizen's text without the spelling table: HTML tags go, line ends stay."""
        return self.word(_TAGS.sub("", text) if "<" in text else text)

    def spelt(self, plain: str) -> str:
        """A plain text with the slips mended."""
        if not self._finder.find_matches_as_indexes(plain):
            return plain
        for wrong, right in self._typos:
            plain = plain.replace(wrong, right)
        return plain

    def text(self, text: str) -> str:
        """Normal form of a citizen's text."""
        return self.spelt(self.plain(text))


class Layout:
    """Where the sentences, clauses and quotations of a normal text are."""

    def __init__(self, text: str, title_length: int) -> None:
        """Split once; look-ups are bisections."""
        self.text = text
        self.title_length = title_length
        self.ends = [match.end() for match in _SENTENCE_END.finditer(text)]
        """Where each sentence ends, but the last if nothing ends it."""
        quoted = "“" in text or "「" in text or "『" in text
        self.quotations = [match.span(1) for match in _QUOTES.finditer(text)] if quoted else []
        """The passages in quotation marks: mostly what others said."""

    def sentence(self, position: int) -> int:
        """The number of the sentence a position lies in."""
        return bisect_right(self.ends, position)

    def sentence_end(self, position: int) -> int:
        """Where the sentence that holds a position ends."""
        sentence = bisect_right(self.ends, position)
        return self.ends[sentence] if sentence < len(self.ends) else len(self.text)

    def clause_end(self, position: int) -> int:
        """Where the clause that holds a position ends."""
        match = _CLAUSE_END.search(self.text, position)
        return match.start() if match else len(self.text)
