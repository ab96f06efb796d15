/** The map's style: ground, water, buildings, streets, the areas over them, their names on top. */

import { ACCENT, INK, colourExpression } from "./palette.js";
import { absolute } from "./service.js";

export const LEVELS = ["community", "grid", "micro"];
// Letters are drawn from the reader's own fonts: no glyph server is asked. "Map Bold" is no font; it asks for weight.
const FONT = ["Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", "Noto Sans", "sans-serif"];
const BOLD = ["Map Bold", ...FONT];
const WATER = ["river", "lake", "pond", "water"];
const RANK = ["to-number", ["get", "rank"], 5];

/** Write the style. @param stats answer of /v1/stats @param view {level, colour} */
export function styleOf(stats, view) {
  const levels = LEVELS.filter((level) => stats.levels[level]);
  const sources = {};
  for (const layer of stats.tiles) sources[layer] = tileSource(stats, layer);
  sources.names = emptySource();
  sources.communities = emptySource();
  const has = (layer) => stats.tiles.includes(layer);
  return {
    version: 8,
    sources,
    layers: [
      { id: "ground", type: "background", paint: { "background-color": "#eceff1" } },
      ...levels.flatMap((level) => fillLayers(level, view, stats)),
      ...(has("sites") ? siteLayers() : []),
      ...(has("buildings") ? [buildingLayer()] : []),
      ...(has("streets") ? streetLayers() : []),
      ...levels.toReversed().flatMap((level) => outlineLayers(level, view)),
      ...levels.flatMap((level) => chosenLayers(level, view)),
      ...(has("streets") ? [streetNames()] : []),
      ...(has("places") ? [placeNames()] : []),
      nameLayer(view.level),
      communityNames(view.level),
    ],
  };
}

/** Tell whether the borders of a level are drawn in the view of another: those of all levels above are. */
export function isOutlined(level, shownLevel) {
  return LEVELS.indexOf(level) <= LEVELS.indexOf(shownLevel);
}

/** Which layers belong to a level, and are shown only with it. */
export function layersOf(level) {
  return [`${level}-fill`, `${level}-chosen-halo`, `${level}-chosen`];
}

function tileSource(stats, layer) {
  return {
    type: "vector",
    tiles: [decodeURI(absolute(`/v1/tiles/${layer}/{z}/{x}/{y}.mvt`, { v: stats.version }))],
    minzoom: stats.tile_zooms[0],
    maxzoom: stats.tile_zooms[1],
    bounds: stats.bounds,
    promoteId: LEVELS.includes(layer) ? "area_id" : undefined,
  };
}

export function emptySource() {
  return { type: "geojson", data: { type: "FeatureCollection", features: [] } };
}

function shown(level, view) {
  return { visibility: level === view.level ? "visible" : "none" };
}

function fillLayers(level, view, stats) {
  return [{
    id: `${level}-fill`, type: "fill", source: level, "source-layer": level, layout: shown(level, view),
    paint: {
      "fill-color": colourExpression(view.colour, stats.levels[level].sizes),
      "fill-opacity": opacity(view.heat),
      "fill-antialias": false,
    },
  }];
}

/** How strongly areas are coloured: under the heat they step back. */
export function opacity(heat) {
  return ["case", ["boolean", ["feature-state", "hover"], false], heat ? 0.4 : 0.95, heat ? 0.16 : 0.72];
}

function outlineLayers(level, view) {
  if (level === "community") {
    return [{
      id: "community-line", type: "line", source: level, "source-layer": level, layout: { "line-join": "round" },
      paint: { "line-color": INK, "line-opacity": 0.75, "line-width": ["interpolate", ["linear"], ["zoom"], 11, 1, 14, 2, 17, 3.5] },
    }];
  }
  const widths = level === "grid" ? [11, 0.5, 14, 1.3, 17, 2.8] : [12, 0.2, 15, 0.7, 17, 1.2];
  const visibility = isOutlined(level, view.level) ? "visible" : "none";
  return [{
    id: `${level}-line`, type: "line", source: level, "source-layer": level, layout: { visibility, "line-join": "round" },
    paint: { "line-color": INK, "line-opacity": level === "grid" ? 0.66 : 0.55, "line-width": ["interpolate", ["linear"], ["zoom"], ...widths] },
  }];
}

function chosenLayers(level, view) {
  const nothing = ["==", ["get", "area_id"], ""];
  const layout = { ...shown(level, view), "line-join": "round" };
  return [
    { id: `${level}-chosen-halo`, type: "line", source: level, "source-layer": level, filter: nothing, layout,
      paint: { "line-color": "#ffffff", "line-width": ["interpolate", ["linear"], ["zoom"], 11, 5, 16, 9] } },
    { id: `${level}-chosen`, type: "line", source: level, "source-layer": level, filter: nothing, layout,
      paint: { "line-color": ACCENT, "line-width": ["interpolate", ["linear"], ["zoom"], 11, 2.5, 16, 4.5] } },
  ];
}

function siteLayers() {
  const ofKind = (...kinds) => ["in", ["get", "kind"], ["literal", kinds]];
  const fill = (id, filter, paint) => ({ id, type: "fill", source: "sites", "source-layer": "sites", filter, paint });
  return [
    fill("parks", ofKind("park", "green"), { "fill-color": "#8fc18a", "fill-opacity": 0.45 }),
    fill("water", ofKind(...WATER), { "fill-color": "#b4d4e8" }),
  ];
}

function placeNames() {
  return {
    id: "place-names", type: "symbol", source: "places", "source-layer": "places", minzoom: 15,
    filter: ["!", ["in", ["get", "kind"], ["literal", WATER]]],
    layout: {
      "text-field": ["get", "name"], "text-font": FONT, "text-size": 11, "text-max-width": 7, "text-padding": 8,
      "text-variable-anchor": ["center", "top", "bottom"], "text-radial-offset": 1,
    },
    paint: { "text-color": "#5b4a36", "text-halo-color": "rgba(255,255,255,0.9)", "text-halo-width": 1.3 },
  };
}

function buildingLayer() {
  return {
    id: "buildings", type: "fill", source: "buildings", "source-layer": "buildings", minzoom: 13,
    paint: { "fill-color": "#5d5348", "fill-opacity": ["interpolate", ["linear"], ["zoom"], 13, 0.08, 15, 0.26], "fill-outline-color": "rgba(60,50,40,0.35)" },
  };
}

function streetLayers() {
  const street = ["==", ["get", "kind"], "street"];
  const width = (extra) => ["interpolate", ["exponential", 1.6], ["zoom"],
    11, ["+", extra * 0.3, ["match", RANK, 1, 1.6, 2, 1.2, 3, 0.8, 0.3]],
    15, ["+", extra, ["match", RANK, 1, 6, 2, 5, 3, 4, 4, 3, 5, 2, 1.2]],
    18, ["+", extra * 1.5, ["match", RANK, 1, 24, 2, 20, 3, 16, 4, 12, 5, 9, 6]]];
  const layout = { "line-cap": "round", "line-join": "round" };
  const line = (id, kind, paint, more = {}) => ({
    id, type: "line", source: "streets", "source-layer": "streets", filter: ["==", ["get", "kind"], kind], layout, paint, ...more,
  });
  return [
    line("river", "river", { "line-color": "#b9d6e8", "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 11, 2, 15, 10, 18, 40] }),
    { ...line("street-case", "street", { "line-color": "#9aa5af", "line-opacity": 0.55, "line-width": width(1.4) }), minzoom: 13, filter: street },
    { ...line("street", "street", { "line-color": "#ffffff", "line-opacity": ["interpolate", ["linear"], ["zoom"], 11, 0.7, 14, 1], "line-width": width(0) }), filter: street },
    line("rail", "rail", { "line-color": "#6b7680", "line-width": ["interpolate", ["linear"], ["zoom"], 11, 1, 16, 3] }),
    line("rail-ties", "rail", { "line-color": "#ffffff", "line-dasharray": [3, 3], "line-width": ["interpolate", ["linear"], ["zoom"], 11, 0.5, 16, 1.6] }, { layout: { "line-join": "round" } }),
  ];
}

function streetNames() {
  return {
    id: "street-names", type: "symbol", source: "streets", "source-layer": "streets", minzoom: 14,
    filter: ["all", ["has", "name"], ["<=", RANK, ["step", ["zoom"], 3, 15, 4, 16, 6]]],
    layout: {
      "symbol-placement": "line", "text-field": ["get", "name"], "text-font": FONT, "text-size": ["interpolate", ["linear"], ["zoom"], 14, 10.5, 17, 13],
      "text-max-angle": 35, "text-padding": 12, "symbol-spacing": 360,
    },
    paint: { "text-color": "#44505b", "text-halo-color": "rgba(255,255,255,0.9)", "text-halo-width": 1.4 },
  };
}

/** Inside a community areas are named by their number; the community's own name stands among them. */
function communityNames(level) {
  return {
    id: "community-names", type: "symbol", source: "communities", maxzoom: 15.5, layout: {
      visibility: level === "community" ? "none" : "visible",
      "text-field": ["get", "label"], "text-font": BOLD, "text-size": ["interpolate", ["linear"], ["zoom"], 11, 11, 13, 14, 15, 19],
      "text-letter-spacing": 0.06, "text-max-width": 8, "text-padding": 2, "symbol-sort-key": ["-", 0, ["get", "area_m2"]],
      "text-variable-anchor": ["center", "top", "bottom", "left", "right"], "text-radial-offset": 0.9,
    },
    paint: { "text-color": ACCENT, "text-halo-color": "rgba(255,255,255,0.95)", "text-halo-width": 2 },
  };
}

function nameLayer(level) {
  return {
    id: "names", type: "symbol", source: "names", minzoom: level === "micro" ? 15.2 : 10,
    layout: {
      "text-field": level === "community"
        ? ["get", "label"]
        : ["step", ["zoom"], ["get", "label"], level === "micro" ? 16.2 : 14.6,
          ["format", ["get", "label"], {}, "\n", {}, ["get", "figure"], { "font-scale": 0.85 }]],
      "text-font": level === "community" ? BOLD : FONT,
      "text-size": ["interpolate", ["linear"], ["zoom"], 11, level === "community" ? 12 : 10, 15, level === "community" ? 18 : 13],
      "text-max-width": 8, "text-padding": 4, "text-line-height": 1.25, "symbol-sort-key": ["-", 0, ["get", "area_m2"]],
    },
    paint: { "text-color": INK, "text-halo-color": "rgba(255,255,255,0.92)", "text-halo-width": 1.8 },
  };
}
