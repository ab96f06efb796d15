"""Pictures of plans: every format, every level, the same file for the same plan."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from drawn_plans import drawn_plan
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from PIL import Image
from towns import CRS, street_lines, town

from gridgeo.model.errors import StorageError, TableError, UnknownAreaError
from gridgeo.model.profile import UNLIMITED, Limits
from gridgeo.publish.pictures import certificates_picture, plan_picture
from gridgeo.publish.words import REASONS


@pytest.fixture(scope="module")
def plan():
    return drawn_plan("ABCD\nEFGH", grid="11221133", micro="aabbccdd", households=60)


def certificates(*households, reason="total"):
    index = pd.Index([f"K{at}" for at in range(len(households))], name="certificate_id")
    shapes = gpd.GeoSeries(list(town("A").geometry) * len(households), crs=CRS, index=index)
    columns = {"area_id": index, "level": "grid", "reason": reason, "households": list(households), "low": 300}
    return gpd.GeoDataFrame({**columns, "high": 500, "message": "none"}, geometry=shapes, index=index)


def test_a_picture_shows_areas_in_several_colours(plan, tmp_path):
    plan_picture(plan, tmp_path / "plan.png", streets=street_lines([[(0, 1), (4, 1)]]), title="网格 A")
    pixels = np.asarray(Image.open(tmp_path / "plan.png").convert("RGB")).reshape(-1, 3)
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    assert (counts > 0.05 * len(pixels)).sum() >= 4
    assert len(colours) > 50


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_the_same_plan_gives_the_same_file(plan, tmp_path, ending):
    for name in ("one", "two"):
        plan_picture(plan, tmp_path / f"{name}.{ending}", title="Plan")
    assert (tmp_path / f"one.{ending}").read_bytes() == (tmp_path / f"two.{ending}").read_bytes()


@pytest.mark.parametrize("level", ["community", "grid", "micro"])
@pytest.mark.parametrize("colour", ["areas", "size"])
def test_every_level_can_be_drawn_in_the_callers_axes(plan, level, colour):
    ax = Figure().subplots()
    assert plan_picture(plan, ax=ax, level=level, colour=colour, language="zh") is ax
    assert ax.get_xlim()[0] < plan.atoms.total_bounds[0]


def test_a_level_that_the_plan_has_not_is_refused(tmp_path):
    with pytest.raises(UnknownAreaError, match="micro"):
        plan_picture(drawn_plan("AB", grid="12"), tmp_path / "plan.png", level="micro")


@pytest.mark.parametrize("name", ["plan.bmp", "plan"])
def test_an_ending_that_names_no_format_is_refused(plan, tmp_path, name):
    with pytest.raises(StorageError, match=r"\.png, \.svg, \.pdf"):
        plan_picture(plan, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_certificates_are_drawn_where_no_division_fits(tmp_path):
    limits = Limits(300, 500, 400)
    ax = certificates_picture(certificates(212, 540), limits, tmp_path / "why.svg", title="Why")
    said = " ".join(text.get_text() for text in ax.texts)
    assert "212" in said
    assert "540" in said
    assert "300–500" in said
    assert (tmp_path / "why.svg").read_text("utf-8").startswith("<?xml")


def test_no_certificate_is_a_picture_too(tmp_path):
    certificates_picture(certificates(), Limits(300, 500, 400), tmp_path / "why.png")
    assert (tmp_path / "why.png").exists()


def test_a_language_that_is_not_spoken_is_refused(plan):
    with pytest.raises(TableError, match="language"):
        plan_picture(plan, language="xx")


def with_beats(plan):
    owner = plan.owner("grid").map({"G1": "B1", "G2": "B1", "G3": "B2"})
    rows = pd.DataFrame(
        {"code": ["B1", "B2"], "name": ["Beat 1", "Beat 2"], "level": "beat", "kind": "base", "parent_id": None},
        index=pd.Index(["B1", "B2"], name="area_id"),
    )
    limits = {**plan.profile.limits, "beat": Limits(2, 3, 2, measure="grids")}
    profile = replace(plan.profile, limits=limits)
    register = pd.concat([plan.register, rows])
    return replace(plan, owners={**plan.owners, "beat": owner}, register=register, profile=profile)


def said_in(legend):
    return [text.get_text() for text in legend.get_texts()]


def fills_of(ax):
    """List the colours of the first layer, area by area."""
    return [to_hex(colour) for colour in ax.collections[0].get_facecolor()]


def test_beats_are_outlined_and_can_be_drawn_as_a_level(plan):
    plain, with_outline = Figure().subplots(), Figure().subplots()
    plan_picture(plan, ax=plain)
    plan_picture(with_beats(plan), ax=with_outline)
    assert "Beat border" in said_in(with_outline.get_legend())
    assert "Beat border" not in said_in(plain.get_legend())
    ax = plan_picture(with_beats(plan), ax=Figure().subplots(), level="beat", colour="size")
    assert len(fills_of(ax)) == 2
    below, within = fills_of(ax)[1], fills_of(ax)[0]
    assert below == "#86b3d9", "one grid where two are the least"
    assert within not in ("#86b3d9", "#3d74b1", "#ee9458", "#c8502c")


def test_sizes_are_coloured_by_what_the_band_counts(plan):
    persons = replace(plan.profile, limits={"grid": Limits(0, 300, 200, measure="persons")})
    ax = plan_picture(replace(plan, profile=persons), ax=Figure().subplots(), colour="size")
    # 480, 240 and 240 persons: one above, none below, for there is no lower end.
    assert fills_of(ax).count("#c8502c") == 1
    assert "persons" in ax.get_legend().get_title().get_text()
    assert not set(fills_of(ax)) & {"#86b3d9", "#3d74b1"}


def test_an_institutions_own_area_is_hatched(plan):
    register = plan.register.copy()
    register.loc["G1", "kind"] = "exclusive"
    ax = plan_picture(replace(plan, register=register), ax=Figure().subplots())
    assert any(layer.get_hatch() for layer in ax.collections)
    assert "Exclusive area" in said_in(ax.get_legend())
    assert not any(layer.get_hatch() for layer in plan_picture(plan, ax=Figure().subplots()).collections)


def test_places_that_miss_the_band_are_shown_by_their_reason(plan):
    told = pd.concat([certificates(900, reason="atom_over_max"), certificates(120, 130, reason="dead_atom")])
    told.index = pd.Index(["K1", "K2", "K3"], name="certificate_id")
    ax = plan_picture(replace(plan, certificates=told), ax=Figure().subplots(), colour="reasons")
    said = {"One atom alone holds too much · 1", "No group around it keeps the band · 2"}
    assert said <= set(said_in(ax.get_legend()))
    calm = plan_picture(plan, ax=Figure().subplots(), colour="reasons", language="zh")
    assert "没有不达标的原因" in calm.get_legend().get_title().get_text()


def test_a_picture_may_go_without_its_legend(plan):
    assert plan_picture(plan, ax=Figure().subplots(), legend=False).get_legend() is None


def test_a_colour_that_does_not_exist_is_refused(plan):
    with pytest.raises(TableError, match="colour is 'band'"):
        plan_picture(plan, ax=Figure().subplots(), colour="band")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_reason_is_worded_with_how_often_it_is_given(language):
    reasons = [*REASONS, "a_new_one"]
    told = pd.concat([certificates(120, 640, 640, reason=reason) for reason in reasons])
    told.index = pd.Index([f"K{at}" for at in range(len(told))], name="certificate_id")
    ax = certificates_picture(told, Limits(300, 500, 400), ax=Figure().subplots(), language=language)
    said = [text.get_text() for text in ax.texts]
    for reason in reasons:
        word = REASONS[reason][language == "zh"] if reason in REASONS else "A new one"
        assert f"{word} · 3" in said
    assert not any("_" in text for text in said)


@pytest.mark.parametrize(
    "limits",
    [Limits(0, 200, 150), Limits(65, UNLIMITED, 90), Limits(0, UNLIMITED, 500), Limits(4, 4, 4), Limits(0, 0, 0)],
)
def test_certificates_of_an_open_band_are_drawn_too(limits):
    for reason in ("total", "atom_over_max"):
        ax = certificates_picture(certificates(50, 250, reason=reason), limits, ax=Figure().subplots())
        assert ax.get_xlim()[1] < 10_000
        assert "1,000,000,000" not in " ".join(text.get_text() for text in ax.texts)


def test_many_totals_keep_their_names_out_of_the_title():
    ax = Figure(figsize=(9, 6)).subplots()
    certificates_picture(certificates(*range(501, 600)), Limits(300, 500, 400), ax=ax, title="Why")
    names = [text.get_text() for text in ax.texts if text.get_text().startswith("K")]
    assert 3 <= len(names) < 30
