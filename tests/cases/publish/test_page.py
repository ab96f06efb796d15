"""What a page is made of is in the package, as it was published."""

import hashlib
import re
from importlib import resources

import pytest

from gridgeo.publish.page import asset, data_tag, script_tag, style_tag

ASSETS = resources.files("gridgeo.publish").joinpath("assets")


def test_the_vendored_files_are_those_that_their_note_names():
    lines = re.findall(r"^([0-9a-f]{64})  (.*)$", asset("leaflet/VERSION"), re.MULTILINE)
    named = {name: digest for digest, name in lines}
    vendored = {path.name: path.read_bytes() for path in ASSETS.joinpath("leaflet").iterdir()}
    assert set(vendored) == {*named, "LICENSE", "VERSION"}
    assert {name: hashlib.sha256(vendored[name]).hexdigest() for name in named} == named
    assert "Redistributions in binary form must reproduce" in asset("leaflet/LICENSE")


@pytest.mark.parametrize("folder", ["map", "report"])
def test_our_own_pages_name_no_other_host(folder):
    for path in ASSETS.joinpath(folder).iterdir():
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|@import|url\(", text), path.name


def test_no_script_or_style_can_end_its_element():
    assert script_tag("leaflet/leaflet.js", "map/main.js").count("</script") == 1
    assert style_tag("leaflet/leaflet.css", "map/map.css").count("</style") == 1
    assert "url(" not in style_tag("leaflet/leaflet.css")
    assert "sourceMappingURL" not in script_tag("leaflet/leaflet.js")


def test_data_cannot_break_out_of_its_element():
    text = data_tag("plan", ["</script><!--", "\u2028", "a & b"])
    assert text.count("<") == 2
    assert "\u2028" not in text


def test_numbers_that_are_none_are_no_data():
    with pytest.raises(ValueError, match="JSON"):
        data_tag("plan", [float("nan")])
