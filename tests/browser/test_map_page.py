"""The map page in a real Chromium, with every request to another host refused."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from drawn_plans import drawn_plan
from towns import CRS, EAST_M, NORTH_M, street_lines

from gridgeo.publish.maps import plan_map

FILLS = ".leaflet-areas-pane path"


@pytest.fixture(scope="module")
def plan():
    return drawn_plan(
        """
        ABCDEF
        GHIJKL
        MNOPQR
        """,
        grid="112233112233445566",
        community="111122111122111122",
        micro="aabbccddeeffgghhii",
        households=90,
    )


@pytest.fixture(scope="module")
def incidents():
    places = np.random.default_rng(0).normal([EAST_M + 200, NORTH_M + 150], 60, (3000, 2))
    index = pd.Index([f"I{at}" for at in range(3000)], name="incident_id")
    columns = {"reported_at": pd.Timestamp("2026-03-01", tz="UTC"), "category": "noise"}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries(shapely.points(places), crs=CRS, index=index), index=index)


def people(area_id):
    officers = pd.DataFrame(
        {"name": ["李明"], "role": ["full_time"], "phone": ["000-0001-0001"]}, index=pd.Index(["O1"], name="officer_id")
    )
    duties = pd.DataFrame(
        {"officer_id": ["O1"], "area_id": [area_id], "role": ["full_time"]}, index=pd.Index(["D1"], name="duty_id")
    )
    return {"officers": officers, "duties": duties}


def finding():
    index = pd.Index(["F1"], name="finding_id")
    shape = shapely.box(EAST_M + 100, NORTH_M + 100, EAST_M + 100.2, NORTH_M + 140)
    columns = {"kind": "gap", "severity": "error", "message": "8 m2 between G1 and G4 are in no area"}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([shape], crs=CRS, index=index), index=index)


def streets():
    lines = street_lines([[(0, 1), (6, 1)], [(2, 0), (2, 3)], [(0, 2), (6, 2)]], rank=2)
    return lines.assign(name=["桥东路", "Mill Lane", None])


def visit(page, plan_page, folder):
    page.goto(plan_page.save(folder / "map.html").as_uri())
    page.wait_for_selector(FILLS)
    page.wait_for_timeout(300)
    return page


def ink(page, pane):
    """Count the pixels that the canvases of a pane have painted."""
    return page.eval_on_selector_all(
        f".leaflet-{pane}-pane canvas",
        """all => all.reduce((sum, one) => sum + one.getContext("2d").getImageData(0, 0, one.width, one.height).data
            .filter((value, at) => at % 4 === 3 && value > 0).length, 0)""",
    )


@pytest.mark.parametrize(("language", "title"), [("en", "Town plan"), ("zh", "网格划分图")])
def test_a_map_is_complete_without_a_network(offline_page, plan, incidents, tmp_path, language, title):
    drawn = plan_map(
        plan, incidents=incidents, findings=finding(), streets=streets(), language=language, title=title, **people("G1")
    )
    page = visit(offline_page, drawn, tmp_path)
    assert page.title() == title
    assert page.locator(FILLS).count() == 6
    assert page.locator("h1").inner_text() == title
    assert page.locator(".gg-legend h2").inner_text() == {"en": "Grids by households", "zh": "网格户数"}[language]
    assert page.locator(".leaflet-control-scale-line").inner_text().endswith(("m", "km"))
    assert ink(page, "labels") > 500
    assert ink(page, "ground") > 500
    assert page.locator(".leaflet-findings-pane path").count() == 2


def test_a_click_opens_what_is_known_about_an_area(offline_page, plan, tmp_path):
    page = visit(offline_page, plan_map(plan, attribution="© Town", **people("G1")), tmp_path)
    page.locator(FILLS).first.click()
    card = page.locator(".gg-info")
    said = card.inner_text()
    for text in ("G1号", "360", "within band", "李明", "Full-time officer", "000-0001-0001", "720", "4 ha", "C1号"):
        assert text in said
    assert card.locator("h4 + .gg-chips button").all_inner_texts() == ["G2号", "G4号"]
    card.get_by_role("button", name="G2号").click()
    page.wait_for_timeout(400)
    assert page.locator(".leaflet-selection-pane path").count() == 2
    assert page.locator(".gg-info h3").inner_text() == "G2号"
    assert "none named" in page.locator(".gg-info").inner_text()
    assert page.locator(".leaflet-control-attribution").inner_text() == "© Town"


def test_there_is_no_flag_on_the_map(offline_page, plan, tmp_path):
    page = visit(offline_page, plan_map(plan), tmp_path)
    assert page.locator(".leaflet-attribution-flag").count() == 0


def test_heat_is_switched_on_and_is_no_solid_blob(offline_page, plan, incidents, tmp_path):
    page = visit(offline_page, plan_map(plan, incidents=incidents), tmp_path)
    assert ink(page, "heat") == 0
    page.get_by_text("Heat of incidents").click()
    page.wait_for_timeout(600)
    assert ink(page, "heat") > 1000
    colours = page.eval_on_selector_all(
        ".leaflet-heat-pane canvas",
        """all => { const seen = new Set(); for (const one of all) {
            const data = one.getContext("2d").getImageData(0, 0, one.width, one.height).data;
            for (let at = 0; at < data.length; at += 4 * 61) if (data[at + 3]) seen.add(data.slice(at, at + 3).join());
        } return seen.size; }""",
    )
    assert colours > 50
    page.get_by_text("Heat of incidents").click()
    assert ink(page, "heat") == 0


def test_micro_grids_are_shown_on_request_with_a_legend_of_their_own(offline_page, plan, tmp_path):
    page = visit(offline_page, plan_map(plan), tmp_path)
    page.get_by_role("button", name="Micro grids").click()
    assert page.locator(FILLS).count() == 9
    assert page.locator(".gg-legend h2").inner_text() == "Micro grids by households"
    assert page.locator(".gg-ticks b").all_inner_texts() == ["50", "80"]
    page.get_by_role("button", name="Area", exact=True).click()
    assert page.locator(".gg-legend h2").inner_text() == "Micro grids, neighbours told apart"


def test_an_area_is_found_by_name_with_the_keyboard_alone(offline_page, plan, tmp_path):
    page = visit(offline_page, plan_map(plan), tmp_path)
    page.get_by_role("combobox").focus()
    page.keyboard.type("g5")
    assert page.get_by_role("option").all_inner_texts()[0].startswith("G5号")
    page.keyboard.press("Enter")
    assert page.locator(".gg-info h3").inner_text() == "G5号"
    page.get_by_role("combobox").fill("nowhere")
    assert page.get_by_role("status").inner_text() == "Nothing of that name on this map."


def test_markup_in_a_name_is_shown_as_it_is_written(offline_page, plan, tmp_path):
    evil = "</script><img src=x onerror=document.title='hacked'>"
    named = type(plan)(
        plan.atoms, plan.owners, plan.register.assign(name=evil), plan.profile, plan.borders, manifest=plan.manifest
    )
    page = visit(offline_page, plan_map(named, title="Plan", attribution=evil, streets=streets()), tmp_path)
    page.locator(FILLS).first.click()
    assert page.locator(".gg-info h3").inner_text() == evil
    assert page.locator(".leaflet-control-attribution").inner_text() == evil
    assert page.title() == "Plan"
    assert page.locator("img").count() == 0


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1440, 900), (2560, 1440)])
def test_the_panel_stays_on_the_page_and_folds(new_page, plan, tmp_path, width, height):
    page = visit(new_page(width, height), plan_map(plan), tmp_path)
    assert page.locator(".gg-body").is_visible() == (width > 640)
    page.locator(".gg-fold").click()
    assert page.locator(".gg-body").is_visible() == (width <= 640)
    box = page.locator(".gg-panel").bounding_box()
    assert min(box["x"], box["y"]) >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= height


def test_a_notebook_frame_is_complete_too(offline_page, plan, tmp_path):
    (tmp_path / "cell.html").write_text(plan_map(plan)._repr_html_(), "utf-8")
    offline_page.goto((tmp_path / "cell.html").as_uri())
    frame = offline_page.frame_locator("iframe")
    frame.locator(FILLS).first.wait_for(state="attached")
    assert frame.locator(FILLS).count() == 6
