/** The map itself: MapLibre, its sources and camera, and what a click or a key on it means. */

import { AttributionControl, Map, Marker, NavigationControl, ScaleControl } from "../vendor/maplibre/maplibre-gl.mjs";
import { levelWord, number, word } from "./language.js";
import { LEVELS, isOutlined, layersOf, opacity, styleOf } from "./layers.js";
import { say, tell } from "./notice.js";
import { ACCENT, colourExpression } from "./palette.js";
import { absolute, askAreas } from "./service.js";
import { change, hear, read } from "./state.js";

const LEAST_SIDE_PX = 60; // an area smaller than this on the screen is worth flying to
const NARROW = matchMedia("(max-width: 720px)");

/** Tell whether this browser can draw the map. */
export function canDraw() {
  return Boolean(document.createElement("canvas").getContext("webgl2"));
}

/** Draw the map. @returns a promise that resolves once the town is on the screen */
export function startMap(container, stats) {
  const map = new Map({
    container,
    style: styleOf(stats, { level: read("level"), colour: read("colour"), heat: read("heat") }),
    bounds: stats.bounds,
    fitBoundsOptions: { padding: margins() },
    hash: "map",
    minZoom: 8,
    maxZoom: 19.5,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    attributionControl: false,
    fadeDuration: 150,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new ScaleControl({ maxWidth: 110 }), "bottom-right");
  map.addControl(new NavigationControl({ showCompass: false }), "bottom-right");
  const { attribution } = document.documentElement.dataset;
  if (attribution) map.addControl(new AttributionControl({ customAttribution: attribution.replaceAll("<", "&lt;") }), "bottom-right");
  keepChoice(map);
  keepNames(map);
  keepHeat(map, stats);
  keepPlace(map);
  listenToReader(map);
  describe(map, stats);
  map.on("error", () => say(word("offline")));
  return new Promise((resolve) => map.once("load", () => resolve(map)));
}

/** Keep free the part of the map that panels cover. */
function margins() {
  return NARROW.matches
    ? { top: 116, left: 20, right: 20, bottom: read("selected") ? 456 : read("heat") ? 330 : 116 }
    : { top: 76, left: panelEnd() + 24, right: innerWidth < 1180 ? 48 : legendWidth() + 40, bottom: read("heat") ? 170 : 40 };
}

function panelEnd() {
  return document.getElementById("panel").getBoundingClientRect().right;
}

function legendWidth() {
  return document.getElementById("legend").offsetWidth;
}

/** Bring a box in degrees into view; a map that shows it whole already stays where it is. */
export function flyToBox(map, [west, south, east, north]) {
  const box = [[west, south], [east, north]];
  const [left, bottom] = Object.values(map.project(box[0]));
  const [right, top] = Object.values(map.project(box[1]));
  const free = margins();
  const fits = left >= free.left && right <= innerWidth - free.right && top >= free.top && bottom <= innerHeight - free.bottom;
  const isLarge = Math.max(right - left, bottom - top) > LEAST_SIDE_PX;
  if (fits && isLarge) return;
  map.fitBounds(box, { padding: margins(), maxZoom: 16.5, duration: 900 });
}

function keepChoice(map) {
  const choose = () => {
    for (const level of LEVELS) {
      if (!map.getLayer(`${level}-fill`)) continue;
      const visibility = level === read("level") ? "visible" : "none";
      for (const layer of layersOf(level)) map.setLayoutProperty(layer, "visibility", visibility);
      map.setLayoutProperty(`${level}-line`, "visibility", isOutlined(level, read("level")) ? "visible" : "none");
      const chosen = ["==", ["get", "area_id"], read("selected") ?? ""];
      map.setFilter(`${level}-chosen-halo`, chosen);
      map.setFilter(`${level}-chosen`, chosen);
      map.setPaintProperty(`${level}-fill`, "fill-color", colourExpression(read("colour"), read("stats").levels[level].sizes));
    }
  };
  hear(["level", "colour", "selected"], () => whenStyled(map, choose));
  whenStyled(map, choose);
}

function whenStyled(map, action) {
  if (map.getLayer("ground")) action();
  else map.once("style.load", action);
}

/** Put the names of the level's areas on the map, each once and inside its area. */
function keepNames(map) {
  const fill = async () => {
    const level = read("level");
    const names = await askAreas(level, "point");
    if (level !== read("level")) return;
    for (const { properties } of names.features) {
      properties.label = properties.short_name || properties.name || properties.code;
      properties.figure = number(properties.households);
    }
    change({ areas: names.features.map((feature) => feature.properties) });
    whenStyled(map, () => {
      map.getSource("names").setData(names);
      map.setLayerZoomRange("names", level === "micro" ? 15.2 : 10, 24);
      map.setLayoutProperty("community-names", "visibility", level === "community" ? "none" : "visible");
    });
  };
  const refill = () => fill().catch(tell);
  hear(["level", "language"], refill);
  refill();
  askAreas("community", "point").then((names) => {
    for (const { properties } of names.features) properties.label = properties.name || properties.code;
    whenStyled(map, () => map.getSource("communities").setData(names));
  }).catch(tell);
}

function keepHeat(map, stats) {
  const redraw = () => {
    if (map.getLayer("heat")) map.removeLayer("heat");
    if (map.getSource("heat")) map.removeSource("heat");
    for (const level of LEVELS) {
      if (map.getLayer(`${level}-fill`)) map.setPaintProperty(`${level}-fill`, "fill-opacity", opacity(read("heat")));
    }
    if (!read("heat")) return;
    const window = { since: read("since"), until: read("until"), category: read("category"), v: stats.incidents.version };
    map.addSource("heat", {
      type: "raster", tiles: [decodeURI(absolute("/v1/heat/{z}/{x}/{y}.png", window))], tileSize: 256, maxzoom: 17, bounds: stats.bounds,
    });
    map.addLayer({ id: "heat", type: "raster", source: "heat", paint: { "raster-opacity": 0.85, "raster-fade-duration": 150 } }, lowestLine(map));
  };
  hear(["heat", "since", "until", "category"], () => whenStyled(map, redraw));
  whenStyled(map, redraw);
}

/** The heat lies under every border, so that areas stay legible. */
function lowestLine(map) {
  return [...LEVELS].reverse().map((level) => `${level}-line`).find((layer) => map.getLayer(layer));
}

function keepPlace(map) {
  let marker = null;
  hear(["place"], () => {
    marker?.remove();
    const place = read("place");
    if (!place) return;
    marker = new Marker({ color: ACCENT }).setLngLat([place.lon, place.lat]).addTo(map);
    marker.getElement().setAttribute("aria-label", place.label);
    map.flyTo({ center: [place.lon, place.lat], zoom: Math.max(map.getZoom(), 16), padding: margins(), duration: 900 });
  });
}

function listenToReader(map) {
  let hovered = null;
  const hover = (feature) => {
    if (hovered) map.setFeatureState(hovered, { hover: false });
    hovered = feature ? { source: feature.source, sourceLayer: feature.sourceLayer, id: feature.id } : null;
    if (hovered) map.setFeatureState(hovered, { hover: true });
    map.getCanvas().style.cursor = feature ? "pointer" : "";
  };
  map.on("mousemove", (event) => hover(areaAt(map, event.point)));
  map.on("mouseout", () => hover(null));
  map.on("click", (event) => change({ selected: areaAt(map, event.point)?.properties.area_id ?? null, place: null }));
  map.getCanvas().addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    const { clientWidth, clientHeight } = map.getCanvas();
    change({ selected: areaAt(map, [clientWidth / 2, clientHeight / 2])?.properties.area_id ?? null, place: null });
  });
}

function areaAt(map, point) {
  return map.queryRenderedFeatures(point, { layers: [`${read("level")}-fill`] })[0];
}

function describe(map, stats) {
  const tell = () => {
    map.getCanvas().setAttribute("aria-label", word("map_of", { title: stats.title || word("town"), level: levelWord(read("level")) }));
    const names = { ".maplibregl-ctrl-zoom-in": "zoom_in", ".maplibregl-ctrl-zoom-out": "zoom_out" };
    for (const [selector, key] of Object.entries(names)) {
      const button = map.getContainer().querySelector(selector);
      button?.setAttribute("aria-label", word(key));
      button?.setAttribute("title", word(key));
    }
  };
  hear(["language", "level"], tell);
  tell();
}
