"""Bring address text into one plain form, remembering where each character came from."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

BREAK = "|"
"""Stands for punctuation between words."""
_TRADITIONAL = str.maketrans(
    "號樓棟單層門區鎮縣鄉園東廣場車馬龍鳳學醫長灣橋錦蘭華賓館國際貿銀豐麗慶義陽陰鐵電關開雲貴蘇湖溫寧臺島嶺鹽紅綠黃楊張劉陳吳趙鄭馮鄧許蕭葉魯莊運會廠農業財輝聯興榮實驗體網絡與為"
    "衛圍墻廳滬濱濟滿潤瀾灘爾獅環瓊畫眾禮祿種穩穎節範築約紀純級組細終綜緣縱織繁羅聖聽脈膠舊藝藍術裝見覺觀計訊記許設訪評詩話該誠語請諾證譯護讓豪貝財貨貢貫費資賢賽贊車軍軒軟轉輪輸遠適選遷遼邊邏郵鄰鋼錢鑫錄鎖鏡閣閘閩陸隊際隨險雙雜離難靈靜韓頂項順須預領頭題額願顯風飛飯館駐駛驛鮮鳥鴻麥齊齡",
    "号楼栋单层门区镇县乡园东广场车马龙凤学医长湾桥锦兰华宾馆国际贸银丰丽庆义阳阴铁电关开云贵苏湖温宁台岛岭盐红绿黄杨张刘陈吴赵郑冯邓许萧叶鲁庄运会厂农业财辉联兴荣实验体网络与为"
    "卫围墙厅沪滨济满润澜滩尔狮环琼画众礼禄种稳颖节范筑约纪纯级组细终综缘纵织繁罗圣听脉胶旧艺蓝术装见觉观计讯记许设访评诗话该诚语请诺证译护让豪贝财货贡贯费资贤赛赞车军轩软转轮输远适选迁辽边逻邮邻钢钱鑫录锁镜阁闸闽陆队际随险双杂离难灵静韩顶项顺须预领头题额愿显风飞饭馆驻驶驿鲜鸟鸿麦齐龄",
)
_VARIANTS = str.maketrans("幢〇壹贰叁肆伍陆柒捌玖拾佰两﹟＃", "栋零一二三四五六七八九十百二##")
_DASHES = set("-‐‑‒–—―－−﹣~～_/\\")
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")}
_COUNTED = re.compile(
    r"[零一二三四五六七八九十百]+(?=号(?![桥线路])|栋|单元|室|层|弄|#|座(?![一-龥])|楼(?![一-龥])|房(?:间|号|$)|门(?:$|[0-9|]))"
)
_SLIPS = re.compile(r"(?<=[0-9零一二三四五六七八九十])(?:([懂撞冻])|([窒])(?=$|\W))")
_CJK = re.compile(r"[一-龥]")


@dataclass(frozen=True)
class CleanText:
    """Text in one plain form.

    Parameters
    ----------
    text : str
        Half-width, upper case, simplified characters, numbers in digits; ``|`` for punctuation, ``-`` inside numbers.
    source : str
        The text as it was given.
    starts, ends : list of int
        Where each character of ``text`` came from in ``source``.
    """

    text: str
    source: str
    starts: list[int]
    ends: list[int]

    def given(self, start: int, end: int) -> str:
        """Quote the source of a stretch of ``text``."""
        return self.source[self.starts[start] : self.ends[end - 1]] if end > start else ""


def has_chinese(text: str) -> bool:
    """Tell whether a text holds a Chinese character."""
    return bool(_CJK.search(text))


def read_number(words: str) -> int:
    """Read a number written in Chinese words, such as 二十三, 一百零二 or 一零二.

    Parameters
    ----------
    words : str
        Made of 零一二三四五六七八九十百 only.

    Returns
    -------
    int
    """
    if not set(words) & {"十", "百"}:
        return int("".join(str(_DIGITS[word]) for word in words))
    total, pending = 0, 0
    for word in words:
        if word in _DIGITS:
            pending = _DIGITS[word]
        else:
            total += (pending or 1) * (100 if word == "百" else 10)
            pending = 0
    return total + pending


def clean(source: str) -> CleanText:
    """Bring address text into its plain form.

    Parameters
    ----------
    source : str
        As typed: full-width or half-width, traditional or simplified, with or without punctuation.

    Returns
    -------
    CleanText
    """
    letters = [_plain_letters(character) for character in source]
    places = [place for place, plain in enumerate(letters) for _ in plain]
    ends = [place + 1 for place in places]
    return _count_in_digits(_settle_punctuation("".join(letters), places, ends, source))


@lru_cache(maxsize=30_000)
def _plain_letters(character: str) -> str:
    """Write one character half-width, in upper case and simplified."""
    return unicodedata.normalize("NFKC", character).upper().translate(_TRADITIONAL).translate(_VARIANTS)


def _settle_punctuation(characters: str, starts: list[int], ends: list[int], source: str) -> CleanText:
    """Keep a dash between two numbers, drop blanks around numbers, and turn other punctuation into breaks."""
    kept: list[tuple[str, int, int]] = []
    mark = ""
    for character, start, end in zip(characters, starts, ends, strict=True):
        if not (character.isalnum() or character == "#"):
            mark = "-" if character in _DASHES else (mark or (" " if character.isspace() else BREAK))
            continue
        if mark and kept:
            joint = _joint(kept[-1][0], mark, character)
            if joint:
                kept.append((joint, min(kept[-1][2], start), max(kept[-1][2], start)))
        mark = ""
        kept.append((character, start, end))
    return CleanText("".join(part[0] for part in kept), source, [part[1] for part in kept], [part[2] for part in kept])


def _joint(before: str, mark: str, after: str) -> str:
    """Say what stands between two characters that a mark parts."""
    if before.isascii() and after.isascii() and (before + after).isalnum():
        return "-"
    if mark == " " and before.isascii() != after.isascii():
        return ""
    return BREAK


def _count_in_digits(clean_text: CleanText) -> CleanText:
    """Write numbers before a unit in digits, and mend the commonest slips of the pen after a number."""
    mended = _SLIPS.sub(lambda match: "栋" if match.group(1) else "室", clean_text.text)
    pieces, starts, ends, last = [], [], [], 0
    for match in _COUNTED.finditer(mended):
        first, after = match.span()
        number = str(read_number(match.group()))
        if first and mended[first - 1].isascii() and mended[first - 1].isalnum():
            number = "-" + number
        pieces += [mended[last:first], number]
        starts += clean_text.starts[last:first] + [clean_text.starts[first]] * len(number)
        ends += clean_text.ends[last:first] + [clean_text.ends[after - 1]] * len(number)
        last = after
    pieces.append(mended[last:])
    starts += clean_text.starts[last:]
    ends += clean_text.ends[last:]
    return CleanText("".join(pieces), clean_text.source, starts, ends)
