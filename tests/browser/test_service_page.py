"""Use the service's pages in a real Chromium, from this machine alone."""

import io
import re
import socket
import threading
import time
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import uvicorn
from gridgeo_api.main import create_app
from PIL import Image
from served_town import publish_town, settings_for

AS_AT_FIRST = """
    import("/pages/js/state.js").then((state) => state.change({
        language: "en", level: "grid", colour: "community", selected: null, place: null,
        heat: false, since: null, until: null, category: null,
    }))
"""
WITHOUT_WEBGL = """
    const before = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
        return kind === "webgl2" ? null : before.call(this, kind, ...rest);
    };
"""


def serve(settings):
    """Start the service on a free port of this machine; give the server, its thread and its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    return server, thread, f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="module")
def town(browser, tmp_path_factory):
    """Serve the drawn town."""
    path = publish_town(str(tmp_path_factory.mktemp("page") / "town.db"))
    server, thread, address = serve(settings_for(path, refresh_s=60))
    yield address
    server.should_exit = True
    thread.join(10)


def visit(page, address):
    page.goto(address)
    page.wait_for_selector("body.ready")
    return page


@pytest.fixture(scope="module")
def desk(open_page, town):
    """Open the map once, in English, on a desk's screen."""
    page = visit(open_page(), f"{town}/?lang=en")
    yield page
    page.context.close()


@pytest.fixture
def page(desk):
    """Give the map as a newcomer sees it; what goes wrong on it fails the test."""
    desk.watch.faults, desk.watch.expected = [], ()
    desk.unroute_all()
    if desk.locator("#search").input_value():
        desk.get_by_role("button", name=re.compile("Clear|清除")).click()
    desk.evaluate(AS_AT_FIRST)
    desk.wait_for_selector("#card .hint")
    yield desk
    assert not desk.watch.faults, "\n".join(desk.watch.faults)


def look(page):
    """Take a picture of what is on the screen."""
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)


def settle(page):
    """Wait until the map stands still and nothing is being loaded."""
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(400)


def open_by_search(page, text):
    page.fill("#search", text)
    page.wait_for_selector("#suggestions [role=option]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#card h2")


def test_the_town_is_drawn_in_colours_with_its_figures(page):
    assert page.title() == "溪桥镇 · gridgeo"
    assert page.locator(".figure .value").all_inner_texts() == ["4", "1,600", "50%"]
    middle = look(page)[300:600, 500:1100].reshape(-1, 3)
    assert len(np.unique(middle, axis=0)) > 50
    assert (np.ptp(middle, axis=1) > 40).mean() > 0.1  # coloured, not grey


def test_a_click_opens_the_card_and_its_neighbours_lead_on(page):
    page.mouse.click(600, 430)
    page.wait_for_selector("#card h2")
    card = page.locator("#card")
    name = card.locator("h2").inner_text()
    assert re.fullmatch(r"G\d号", name)
    assert "households" in card.locator(".gauge").inner_text()
    assert parse_qs(urlsplit(page.url).query)["area"] == [name.removesuffix("号")]
    card.locator(".chip").first.click()
    page.locator("#card h2", has_text=re.compile(rf"^(?!{name}$)")).wait_for()
    page.keyboard.press("Escape")
    page.wait_for_selector("#card .hint")
    assert "area=" not in page.url


def test_the_card_names_who_answers_with_a_masked_phone(page):
    open_by_search(page, "G1")
    officers = page.locator(".officers li").all_inner_texts()
    assert [re.sub(r"\s+", " ", one) for one in officers] == [
        "李 李敏 Grid chief 138****5678",
        "王 王强 Officer ****-**12",
    ]
    assert page.locator(".path .link").first.inner_text() == "C1号"


def test_an_address_is_found_marked_and_placed_in_its_grid(page):
    page.fill("#search", "溪桥路12号2栋1单元201")
    page.wait_for_selector("#suggestions [role=option]")
    page.keyboard.press("ArrowDown")
    assert page.get_attribute("#search", "aria-activedescendant") == "suggestion-0"
    page.keyboard.press("Enter")
    page.wait_for_selector(".maplibregl-marker")
    assert page.locator(".place .label").inner_text() == "溪桥路12号2栋1单元201室"
    assert page.locator("#card h2").inner_text() == "G1号"


def test_an_address_that_is_not_known_is_said_to_be_so(page):
    page.fill("#search", "火星路99号")
    page.wait_for_selector("#suggestions .nothing")
    assert "No address or area matches" in page.locator("#suggestions").inner_text()


def test_the_level_is_switched_by_mouse_and_by_keyboard(page):
    page.get_by_role("radio", name="Micro grids").click()
    page.locator(".figure .value", has_text=re.compile("^8$")).wait_for()
    page.keyboard.press("ArrowLeft")
    assert page.get_by_role("radio", name="Grids", exact=True).get_attribute("aria-checked") == "true"
    page.keyboard.press("ArrowLeft")
    page.locator(".figure .value", has_text=re.compile("^2$")).wait_for()
    assert "level=community" in page.url


def test_sizes_are_shown_against_the_band(page):
    before = look(page)
    page.get_by_role("radio", name="By size").click()
    assert "300–500" in page.locator("#legend").inner_text()
    settle(page)
    assert (np.abs(look(page) - before).sum(axis=2) > 30)[300:600, 500:1100].mean() > 0.2


def test_the_heat_is_laid_over_the_map_for_a_window_of_time(page):
    before = look(page)
    with page.expect_response(re.compile("/v1/heat/")):
        page.get_by_role("switch", name="Incidents").press("Space")
    page.wait_for_selector("#window:not([hidden])")
    settle(page)
    assert (np.abs(look(page) - before).sum(axis=2) > 30)[250:550, 500:1100].mean() > 0.02
    assert page.locator("#window .count").inner_text() == "24 incidents"
    with page.expect_request(re.compile("/v1/heat/.*since=2026-09-06&until=2026-09-13")):
        page.get_by_role("button", name="Last 7 days").click()
    assert page.locator("#window .count").inner_text() == "14 incidents"
    with page.expect_request(re.compile("/v1/heat/.*category=")):
        page.get_by_label("Category").select_option("漏水")


def test_the_map_is_moved_and_asked_by_keyboard_alone(page):
    page.locator("canvas.maplibregl-canvas").focus()
    page.keyboard.press("ArrowRight")
    settle(page)
    page.keyboard.press("Enter")
    page.wait_for_selector("#card h2")


def test_both_languages_are_complete_and_switched_at_once(page):
    open_by_search(page, "G1")
    page.locator("[data-language-choice=zh]").click()
    assert page.get_attribute("html", "lang") == "zh-CN"
    words = re.sub(r"EN|WebGL|G\d号?|C\d号?|M\d号?|\bm\b", "", page.locator("body").inner_text())
    assert re.findall(r"[A-Za-z]{2,}", words) == []
    assert page.get_attribute("#search", "placeholder") == "输入地址或责任区名称"
    page.locator("[data-language-choice=en]").click()
    assert page.get_attribute("html", "lang") == "en-GB"
    assert page.locator("#card h3").first.inner_text() == "Answers for it"


def test_a_link_opens_the_same_view(new_page, town):
    page = visit(new_page(), f"{town}/?lang=en&level=micro&area=M8&colour=band")
    page.wait_for_selector("#card h2")
    assert page.locator("#card h2").inner_text() == "M8号"
    assert page.get_by_role("radio", name="By size").get_attribute("aria-checked") == "true"


def test_a_phone_gets_a_sheet_and_a_drawer_and_nothing_sticks_out(new_page, town):
    page = visit(new_page(390, 844, has_touch=True, is_mobile=True), f"{town}/?lang=en&area=G1")
    page.wait_for_selector("#card h2")
    assert not page.get_by_role("radio", name="By size").is_visible()
    page.get_by_role("button", name="Map layers").tap()
    page.get_by_role("radio", name="By size").tap()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for element in page.locator("#card > *, #controls > *, .masthead > *").all():
        box = element.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_every_control_has_a_name_and_a_visible_focus(page):
    open_by_search(page, "G1")
    names = page.evaluate(
        """[...document.querySelectorAll('button, input, select, [role=option], summary')]
           .filter((e) => e.checkVisibility())
           .map((e) => e.ariaLabel || e.innerText || e.labels?.[0]?.innerText || '')"""
    )
    assert len(names) > 10
    assert all(name.strip() for name in names)
    bare = []
    for _ in range(12):
        page.keyboard.press("Tab")
        bare += page.evaluate(
            """[document.activeElement]
               .filter((e) => e !== document.body)
               .filter((e) => getComputedStyle(e.closest('.switch') ?? e).outlineStyle === 'none')
               .map((e) => e.outerHTML.slice(0, 200))"""
        )
    assert bare == []


def test_without_webgl_a_simpler_map_is_drawn_and_can_be_asked(new_page, town):
    page = new_page()
    page.add_init_script(WITHOUT_WEBGL)
    visit(page, f"{town}/?lang=en")
    assert page.locator("svg.sheet [data-area]").count() == 4
    assert "no WebGL 2" in page.locator("#notice").inner_text()
    page.locator("svg.sheet [data-area]").nth(1).press("Enter")
    page.wait_for_selector("#card h2")
    assert page.locator("svg.sheet path.chosen").get_attribute("data-area") == "G2"
    page.get_by_role("radio", name="Micro grids").click()
    page.locator("svg.sheet [data-area]").nth(7).wait_for()


def test_a_service_that_goes_away_is_told_and_asked_again(page):
    page.watch.expected = ("Failed to load resource",)
    page.route("**/v1/areas/**", lambda route: route.abort())
    page.mouse.click(600, 430)
    page.wait_for_selector(".fault")
    assert "does not answer" in page.locator(".fault").inner_text()
    page.unroute("**/v1/areas/**")
    page.get_by_role("button", name="Try again").click()
    page.wait_for_selector("#card h2")


def test_a_service_without_a_store_says_how_to_make_one(new_page, tmp_path):
    server, thread, address = serve(settings_for(tmp_path / "absent.db", refresh_s=60))
    page = new_page()
    page.watch.expected = ("503",)
    page.goto(address)
    assert "gridgeo demo" in page.locator("pre").inner_text()
    assert "absent.db" in page.locator(".fault").inner_text()
    server.should_exit = True
    thread.join(10)


def test_the_documentation_is_drawn_from_this_machine_alone(new_page, town):
    page = new_page()
    page.goto(f"{town}/docs")
    page.wait_for_selector(".opblock-summary-path")
    paths = [text.replace("\u200b", "") for text in page.locator(".opblock-summary-path").all_inner_texts()]
    assert "/v1/locate" in paths
    page.locator(".opblock-summary").first.click()
    page.wait_for_selector(".parameters")
