"""Pictures of plans: every format, every level, the same file for the same plan."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from drawn_plans import drawn_plan
from matplotlib.figure import Figure
from PIL import Image
from towns import CRS, street_lines, town

from gridgeo.model.errors import StorageError, TableError, UnknownAreaError
from gridgeo.model.profile import Limits
from gridgeo.publish.pictures import certificates_picture, plan_picture


@pytest.fixture(scope="module")
def plan():
    return drawn_plan("ABCD\nEFGH", grid="11221133", micro="aabbccdd", households=60)


def certificates(*households):
    index = pd.Index([f"K{at}" for at in range(len(households))], name="certificate_id")
    shapes = gpd.GeoSeries(list(town("A").geometry) * len(households), crs=CRS, index=index)
    columns = {"area_id": index, "level": "grid", "reason": "total", "households": list(households), "low": 300}
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
