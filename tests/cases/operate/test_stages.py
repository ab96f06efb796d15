"""Loops are data: the stages of five papers, and those of one's own, checked line by line."""

import pytest

import gridgeo as gg
from gridgeo.model.errors import ProfileError

STAGES = {
    "shangdi": "信息采集 立案受理 分类派遣 任务处理 核查反馈 结案归档 综合评价",
    "dongcheng": "信息收集 案件建立 任务派遣 任务处理 处理反馈 核查结案 综合评价",
    "guali": "发现上报 受理派遣 处置反馈 任务核查 事件归档 考核评价",
    "wugang": "问题排查 采集上报 交办处置 督查督办 办结核查 结果反馈",
    "sichuan": "发现 处置 上报 交办 办结 回访",
}
OWN = """
name = "ours"

[[stages]]
zh = "上报"
en = "report"
status = "reported"

[[stages]]
zh = "处置"
en = "handle"
status = "handled"

[[levels]]
level = "community"

[[levels]]
level = "street"

[[deadlines]]
category = "*"
status = "handled"
working_hours = 8

[[escalations]]
to = "street"
overdue_hours = 4
"""


def test_the_loops_that_are_shipped_hold_the_stages_of_their_papers():
    assert gg.list_loops() == sorted(STAGES)
    for name, stages in STAGES.items():
        loop = gg.load_loop(name)
        assert " ".join(stage.zh for stage in loop.stages) == stages
        assert loop.name == name
        assert loop.source
        assert loop.title_zh
        assert len({stage.en for stage in loop.stages}) == len(loop.stages)


def test_shangdi_has_three_loops_and_no_paper_states_a_deadline():
    levels = gg.load_loop("shangdi").levels
    assert [(level.level, level.en) for level in levels] == [
        ("community", "micro loop"),
        ("street", "small loop"),
        ("district", "large loop"),
    ]
    assert all(gg.load_loop(name).deadlines.empty for name in gg.list_loops())


def test_a_loop_of_ones_own_is_read_from_a_file(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text(OWN, encoding="utf-8")
    loop = gg.load_loop(path)
    assert loop.deadlines.to_numpy().tolist() == [["*", "handled", "dispatched", 8.0]]
    assert loop.escalations[0].overdue_hours == 4.0


def test_a_name_that_nobody_knows_is_told_with_the_nearest_one():
    with pytest.raises(ProfileError, match=r"no loop 'shangdy'; choose one of .* did you mean 'shangdi'\?"):
        gg.load_loop("shangdy")
    with pytest.raises(ProfileError, match=r"loop file '.*nowhere.toml' cannot be read"):
        gg.load_loop("nowhere.toml")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'status = "handled"\n\n[[levels',
            'status = "done"\n\n[[levels',
            r"line 12: stages\[2\].status = 'done' is not one",
        ),
        ('status = "reported"', 'status = "closed"', r"line 12: stages\[2\].status = 'handled' comes before 'closed'"),
        (
            'status = "handled"\n\n[[levels',
            "\n[[levels",
            r"stages\[2\].status is missing; only stages before the report",
        ),
        ('en = "handle"', 'en = "report"', r"line 9: stages\[2\] is named like a stage above"),
        ('zh = "处置"', "zh = 7", r"line 10: stages\[2\].zh = 7 is no text"),
        ('level = "street"', 'level = "community"', r"line 18: levels\[2\].level = 'community' stands twice"),
        ("working_hours = 8", "working_hours = -1", r"line 23: deadlines\[1\].working_hours = -1 is no number from 0"),
        ("working_hours = 8", "", r"deadlines\[1\].working_hours is missing"),
        (
            "working_hours = 8",
            'since = "closed"\nworking_hours = 8',
            r"since = 'closed' does not come before 'handled'",
        ),
        ("working_hours = 8", "hours = 8", r"line 23: deadlines\[1\].hours is not known"),
        ('to = "street"', 'to = "city"', r"line 26: escalations\[1\].to = 'city' is not one of community, street"),
        ('to = "street"', 'to = "community"', r"to = 'community' is where a case begins"),
        ("overdue_hours = 4", "returns = 0", r"line 27: escalations\[1\].returns = 0 is no whole number above 0"),
        ("overdue_hours = 4", "", r"line 25: escalations\[1\] says not when"),
        ("overdue_hours = 4", "overdue_hours = 4\nreturns = 2", r"line 28: .*returns = 2 stands beside overdue_hours"),
        ('name = "ours"', 'name = "ours', "line 2: "),
        ('name = "ours"', "", "name is missing"),
    ],
)
def test_a_fault_is_told_with_its_line_its_key_and_its_value(old, new, words):
    assert old in OWN
    with pytest.raises(ProfileError, match=words):
        gg.read_loop(OWN.replace(old, new, 1), "ours.toml")


def test_a_loop_without_stages_is_refused():
    with pytest.raises(ProfileError, match="stages is missing"):
        gg.read_loop('name = "ours"')
    with pytest.raises(ProfileError, match="name no status"):
        gg.read_loop('name = "ours"\n[[stages]]\nzh = "发现"\nen = "find"')
