"""Spoil addresses as people do when they type them: ten kinds of noise, a hard set, and places that there are not.

    python benchmarks/address_noise.py [--kind dashes] [--count 3] [--seed 0]

Each kind takes the parts of an address, so that what was meant stays known, and gives a text. No table or pattern here
comes from the parser that is measured. The same address, kind and seed give the same text.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

from address_territory import Address, Territory, invent_estates, invent_names, make_territory
from pypinyin import lazy_pinyin

Noise = Callable[[Address, random.Random, Territory], str | None]
"""Gives the spoilt text; None where an address has nothing that could be spoilt so."""

_WORDS = {
    "栋": ["棟", "幢", "号楼", "#", "座", "號樓", "＃", "#楼"],
    "幢": ["栋", "棟", "号楼", "#"],
    "座": ["栋", "幢", "座楼"],
    "号楼": ["栋", "幢", "棟", "#", "號樓", "#楼"],
    "号": ["號"],
}
_OLD_SHAPES = dict(zip("号单东广园华国门龙区", "號單東廣園華國門龍區", strict=True))
_NUMERALS = "零一二三四五六七八九"
_BEFORE = ["我家在", "地址：", "位于", "住在", "靠近", "就是", "在", "请到", "【地址】", "现住"]
_AFTER = (
    *["附近", "对面", "旁边", "的旁边", "门口", "（快递放门口）", "(放快递柜)", "，请尽快处理"],
    *["楼下", "（近地铁站）", "附近便利店旁", "，有人在家"],
    " near the gate",
)
_MARKS = (" ", "  ", "，", ",", "、", "。", "·", "-", "—", " - ", ";", "　")
_DASHES = ("-", "-", "-", "—", "－", "/", "–")
_OTHER_CITIES = [
    line.split()
    for line in (
        "浙江省 杭州市 西湖区",
        "江苏省 苏州市 姑苏区",
        "四川省 成都市 武侯区",
        "湖北省 武汉市 江汉区",
        "广东省 深圳市 福田区",
        "山东省 青岛市 市南区",
        "福建省 厦门市 思明区",
    )
]
_COMPLAINTS = (
    "我是{}的住户，昨晚十点楼上一直装修，投诉",
    "你好，我想反映一下，{}门口停满了电动车，消防通道堵了好几天",
    "{}有人高空抛物，差点砸到小孩，麻烦尽快派人来看看",
    "市民来电反映：{}楼道堆放杂物，存在安全隐患，要求处理。",
    "您好！家住{}，小区水管爆裂已经3天没人修了",
    "投诉{}的邻居养狗扰民，凌晨2点还在叫",
)
_BUILDERS = ["万科", "绿地", "保利", "碧桂园", "恒大", "龙湖", "中海", "金地", "华润", "招商", "世茂", "融创", "雅居乐"]
_COMMON_ENDINGS = (
    *["花园", "小区", "新村", "家园", "花苑", "名苑", "公寓", "雅苑", "嘉园", "华庭"],
    *["国际", "佳苑", "广场", "大厦", "公馆", "苑"],
)


def spoil(address: Address, kind: str, territory: Territory, seed: int = 0) -> str | None:
    """Spoil one address.

    Parameters
    ----------
    address : Address
    kind : str
        One of ``NOISES``, ``HARD`` or ``ABSENT``.
    territory : Territory
        Where other names come from.
    seed : int

    Returns
    -------
    str or None
        None where the address has nothing that could be spoilt so.
    """
    text = KINDS[kind](address, random.Random(f"{seed} {kind} {address}"), territory)
    return None if text == str(address) else text


def full_width(address: Address, chance: random.Random, territory: Territory) -> str:
    """Write digits and letters as wide as Chinese characters, all of them or those of some parts."""
    some = chance.random() < 0.3
    return _join({part: text if some and chance.random() < 0.5 else "".join(map(_widen, text))
                  for part, text in address.pieces.items()})  # fmt: skip


def variant_words(address: Address, chance: random.Random, territory: Territory) -> str:
    """Use another word for the building, and traditional shapes of some characters."""
    pieces = address.pieces
    if "building" in pieces:
        pieces["building"] = address.building + chance.choice(_WORDS[address.word])
    old = chance.random() < (0.4 if "building" in pieces else 1.0)
    return "".join(_OLD_SHAPES.get(letter, letter) for letter in _join(pieces)) if old else _join(pieces)


def chinese_numerals(address: Address, chance: random.Random, territory: Territory) -> str | None:
    """Write building, stairwell and room in words, or some of them."""
    pieces, chosen = address.pieces, [part for part in ("building", "stairwell", "room") if chance.random() < 0.75]
    values = {"building": address.building, "stairwell": address.stairwell, "room": address.room}
    done = [part for part in chosen or ["room"] if values[part].isdigit()]
    for part in done:
        pieces[part] = pieces[part].replace(values[part], _in_words(int(values[part]), part, chance))
    return _join(pieces) if done else None


def dashes(address: Address, chance: random.Random, territory: Territory) -> str | None:
    """Write building, stairwell and room as numbers with dashes: 12-3-501."""
    values = [value for value in (address.building, address.stairwell, address.room) if value]
    if not address.building and address.number.endswith("号"):
        return f"{address.road}{address.number.removesuffix('号')}{chance.choice(_DASHES)}{address.room}"
    if not address.estate:
        return f"{address.road}{address.number}{chance.choice(_DASHES).join(values)}"
    gated = address.estate in territory.namesakes or chance.random() < 0.6
    gate = address.road + address.number if gated else ""
    return gate + address.estate + chance.choice(_DASHES).join(values) + ("室" if chance.random() < 0.3 else "")


def region_prefix(address: Address, chance: random.Random, territory: Territory) -> str:
    """Put province, city, district and town before the address; some of them, or some twice."""
    province, city, district, town = address.regions
    forms = (
        [province, city, district, town],
        [city, district],
        [city],
        [town],
        [district, town],
        [city, district, town],
        [province, city, province, city, district],
        [city, city, district],
        [district, town, town],
        [city.removesuffix("市"), district],
        [province + " ", city + " ", district + " "],
    )
    return "".join(chance.choice(forms)) + str(address)


def punctuation(address: Address, chance: random.Random, territory: Territory) -> str:
    """Put blanks, commas and dashes between the parts, between a number and its unit, and seldom inside a name."""
    pieces = list(address.pieces.values())
    if chance.random() < 0.3:
        pieces = [_part_units(text, " ") for text in pieces]
    if chance.random() < 0.1:
        at = chance.choice([at for at, text in enumerate(pieces) if not text[0].isascii()])
        pieces[at] = pieces[at][:1] + " " + pieces[at][1:]
    one = chance.choice(_MARKS)
    marks = [one if chance.random() < 0.7 else chance.choice((*_MARKS, "")) for _ in pieces]
    text = "".join(part + mark for part, mark in zip(pieces, marks, strict=True))
    return text if chance.random() < 0.3 else text.rstrip("".join(_MARKS))


def missing_road(address: Address, chance: random.Random, territory: Territory) -> str | None:
    """Leave out the road with its number, or one of the two; the estate stays."""
    if not address.estate or address.estate in territory.namesakes:
        return None
    pieces = address.pieces
    for part in chance.choice((("road", "number"), ("road", "number"), ("number",))):
        del pieces[part]
    return _join(pieces)


def missing_words(address: Address, chance: random.Random, territory: Territory) -> str:
    """Leave out the unit words, or the stairwell, or both."""
    pieces = address.pieces
    ways = [way for way in ("stairwell", "room word", "number word", "building word") if _can_leave(address, way)]
    for way in chance.sample(ways, chance.randint(1, min(2, len(ways)))):
        if way == "stairwell":
            del pieces["stairwell"]
        elif way == "room word":
            pieces["room"] = address.room
        elif way == "number word":
            pieces["number"] = address.number.rstrip("号")
        else:
            pieces["building"] = address.building + chance.choice(" -")
    return _join(pieces)


def notes(address: Address, chance: random.Random, territory: Territory) -> str:
    """Put words before or after the address that name nothing."""
    before, after = chance.choice(_BEFORE), chance.choice(_AFTER)
    side = chance.random()
    return (before if side < 0.5 else "") + str(address) + (after if side > 0.3 else "")


def one_typo(address: Address, chance: random.Random, territory: Territory) -> str | None:
    """Change, swap or drop one character in a name."""
    part = "estate" if address.estate and chance.random() < 0.7 else "road"
    return _with(address, {part: _slip(getattr(address, part), chance)})


def homophones(address: Address, chance: random.Random, territory: Territory) -> str | None:
    """Write one or two characters of a name by others that sound alike."""
    part = "estate" if address.estate and chance.random() < 0.8 else "road"
    letters = list(getattr(address, part))
    places = [at for at, letter in enumerate(letters) if sounding_like(letter)]
    if not places:
        return None
    for at in chance.sample(places, min(chance.randint(1, 2), len(places))):
        letters[at] = chance.choice(sounding_like(letters[at]))
    return _with(address, {part: "".join(letters)})


def two_typos(address: Address, chance: random.Random, territory: Territory) -> str | None:
    """Make two slips in the names: one in each, or both in one."""
    if address.estate and chance.random() < 0.5:
        return _with(address, {part: _slip(getattr(address, part), chance) for part in ("road", "estate")})
    part = "estate" if address.estate else "road"
    name = getattr(address, part)
    return _with(address, {part: _slip(_slip(name, chance), chance)}) if len(name) > 3 else None


def wrong_road(address: Address, chance: random.Random, territory: Territory) -> str | None:
    """Name another road of the territory beside the right estate."""
    if address.estate in territory.namesakes:
        return None
    return _with(address, {"road": chance.choice(territory.roads)}) if address.estate else None


def wrong_number(address: Address, chance: random.Random, territory: Territory) -> str | None:
    """Give another house number beside the right estate and building."""
    return _with(address, {"number": f"{chance.randint(1, 400)}号"}) if address.estate else None


def complaint(address: Address, chance: random.Random, territory: Territory) -> str:
    """Tell a story around the address."""
    return chance.choice(_COMPLAINTS).format(str(address))


def abbreviated(address: Address, chance: random.Random, territory: Territory) -> str | None:
    """Shorten the estate's name; its road stays where the short name would fit another estate too."""
    name = address.estate
    developer = next((word for word in _BUILDERS if name.startswith(word)), "")
    ending = next((word for word in _COMMON_ENDINGS if name.endswith(word)), "")
    forms = [name.removeprefix(developer)] if developer and len(name) > len(developer) + 3 else []
    forms += [name.removesuffix(ending)] if ending and len(name) > len(ending) + 1 else []
    if not forms:
        return None
    short = chance.choice(forms)
    alone = sum(short in other for other in territory.estates) == 1
    return _with(address, {"estate": short}, drop=("road", "number") if alone and chance.random() < 0.5 else ())


def unknown_estate(address: Address, chance: random.Random, territory: Territory) -> str | None:
    """Name an estate that the territory does not have."""
    known = set(territory.estates)
    names = invent_estates(chance, invent_names(chance))
    name = next(name for name in names if name not in known)
    word = address.word if address.word in "栋幢座号楼" and address.word else "栋"
    stranger = replace(address, estate=name, building=address.building or "3", word="栋" if word == "号" else word)
    side = chance.random()
    if side < 0.6:
        return _with(stranger, {}, drop=("road", "number"))
    road = chance.choice(territory.roads)
    gate = {"road": road, "number": f"{chance.randint(1, 400)}号"}
    return _with(stranger, gate, drop=() if side < 0.9 else ("number",))


def unknown_building(address: Address, chance: random.Random, territory: Territory) -> str | None:
    """Name a building or a house number that there is not, in a known estate, lane or road."""
    if not address.building:
        free = [f"{value}号" for value in range(1, 900) if (address.road, f"{value}号") not in territory.numbers]
        return _with(address, {"number": chance.choice(free)})
    known = territory.buildings[address.estate or address.road + address.number]
    values = map(str, range(1, 60)) if address.building.isdigit() else map(chr, range(65, 91))
    free = [value for value in values if value not in known]
    stranger = replace(address, building=chance.choice(free))
    return _with(stranger, {}, drop=("road", "number") if address.estate and chance.random() < 0.4 else ())


def other_city(address: Address, chance: random.Random, territory: Territory) -> str | None:
    """Put the address, or one of names not known here, into another city."""
    province, city, district = chance.choice(_OTHER_CITIES)
    region = chance.choice((province + city + district, city + district, city))
    return region + (str(address) if chance.random() < 0.5 else unknown_estate(address, chance, territory) or "")


NOISES: dict[str, Noise] = {
    kind.__name__: kind
    for kind in (full_width, variant_words, chinese_numerals, dashes, region_prefix, punctuation, missing_road,
                 missing_words, notes, one_typo)
}  # fmt: skip
HARD: dict[str, Noise] = {
    kind.__name__: kind for kind in (homophones, two_typos, wrong_road, wrong_number, complaint, abbreviated)
}
ABSENT: dict[str, Noise] = {kind.__name__: kind for kind in (unknown_estate, unknown_building, other_city)}
KINDS = {**NOISES, **HARD, **ABSENT}


@cache
def common_characters() -> tuple[str, ...]:
    """List the 3,755 commonest characters: the first level of GB 2312."""
    codes = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    return tuple(code.decode("gb2312") for code in codes if not (code[0] == 0xD7 and code[1] > 0xF9))


@cache
def _by_sound() -> dict[str, list[str]]:
    groups = defaultdict(list)
    for letter in common_characters():
        groups[lazy_pinyin(letter)[0]].append(letter)
    return groups


@cache
def sounding_like(letter: str) -> tuple[str, ...]:
    """List the common characters that sound like another, whatever their tone."""
    return tuple(other for other in _by_sound().get(lazy_pinyin(letter)[0], ()) if other != letter)


def _with(address: Address, changes: dict[str, str], drop: tuple[str, ...] = ()) -> str:
    """Write an address with other parts, and without some."""
    pieces = replace(address, **changes).pieces  # type: ignore[arg-type]
    return _join({part: text for part, text in pieces.items() if part not in drop})


def _join(pieces: dict[str, str]) -> str:
    return "".join(pieces.values())


def _widen(letter: str) -> str:
    return chr(ord(letter) + 0xFEE0) if letter.isascii() and letter.isalnum() else letter


def _in_words(value: int, part: str, chance: random.Random) -> str:
    """Write a number in words; a room digit by digit as often as counted: 四零一 and 四百零一."""
    digits = [int(digit) for digit in str(value)]
    if part == "room" and (len(digits) > 3 or chance.random() < 0.6):
        words = "".join(_NUMERALS[digit] for digit in digits)
        return words.replace("零", "〇") if chance.random() < 0.3 else words
    hundreds, tens, ones = value // 100, value // 10 % 10, value % 10
    words = _NUMERALS[hundreds] + "百" if hundreds else ""
    if tens:
        words += ("" if tens == 1 and not hundreds else _NUMERALS[tens]) + "十"
    elif hundreds and ones:
        words += "零"
    return words + (_NUMERALS[ones] if ones else "")


def _part_units(text: str, mark: str) -> str:
    """Put a mark between the figures of a part and its unit."""
    figures = text.rstrip("号弄栋幢座楼单元室")
    return f"{figures}{mark}{text[len(figures) :]}" if figures[-1:].isascii() and figures != text else text


def _can_leave(address: Address, way: str) -> bool:
    """Tell whether an address stays readable without a word."""
    if way == "stairwell":
        return bool(address.stairwell)
    if way == "number word":
        return address.number.endswith("号") and bool(address.estate)
    return way != "building word" or bool(address.estate)


def _slip(name: str, chance: random.Random) -> str:
    """Change, swap or drop one character of a name."""
    while True:
        at, way = chance.randrange(len(name)), chance.random()
        if way < 0.5:
            slipped = name[:at] + chance.choice(common_characters()) + name[at + 1 :]
        elif way < 0.75:
            slipped = name[:at] + name[at + 1 : at + 2] + name[at] + name[at + 2 :]
        else:
            slipped = name[:at] + name[at + 1 :]
        if slipped != name:
            return slipped


def samples(territory: Territory, kind: str, count: int, seed: int = 0) -> Iterator[tuple[Address, str]]:
    """Draw households and spoil their addresses.

    Parameters
    ----------
    territory : Territory
    kind : str
    count : int
        How many to give, as far as the territory has addresses that can be spoilt so.
    seed : int

    Yields
    ------
    address : Address
        What was meant; of the kinds in ``ABSENT``, what the text was made from.
    text : str
    """
    chance = random.Random(f"samples {seed} {kind}")
    given = 0
    for _ in range(count * 20):
        address = chance.choice(territory.addresses)
        text = spoil(address, kind, territory, seed)
        if text is not None:
            given += 1
            yield address, text
        if given == count:
            return


def main(arguments: list[str] | None = None) -> None:
    """Print a few spoilt addresses of each kind."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kind", choices=sorted(KINDS), nargs="*", default=[])
    parser.add_argument("--count", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    territory = make_territory(20_000, options.seed)
    for kind in options.kind or KINDS:
        for address, text in samples(territory, kind, options.count, options.seed):
            print(f"{kind:18}{address!s:32} {text}")


if __name__ == "__main__":
    main()
