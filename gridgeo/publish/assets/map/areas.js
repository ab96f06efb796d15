// Draws the areas of a level: fill, outlines of every level, hover and selection.
(function (gridgeo) {
  "use strict";

  const OUTLINES = {
    community: { color: "#27313d", weight: 2.6, opacity: 0.85 },
    grid: { color: "#3a4552", weight: 1.3, opacity: 0.75 },
    micro: { color: "#4a5562", weight: 0.7, opacity: 0.5 },
    beat: { color: "#7a2f63", weight: 5, opacity: 0.5 },
  };
  const MANY = 2500; // from here on a canvas is faster than one SVG element an area

  gridgeo.fillOf = function (area, level, mode, palette) {
    if (mode === "areas") return palette.areas[area.colour % palette.areas.length];
    if (area.exclusive) return palette.exclusive;
    if (area.measure ? !area.amount : !area.households) return palette.empty;
    return level.classes ? level.classes.colours[area.size] : palette.areas[area.colour % palette.areas.length];
  };

  gridgeo.addAreas = function (map, levels, data, state) {
    for (const [name, zIndex] of [["areas", 350], ["outlines", 360], ["selection", 365]])
      map.createPane(name).style.zIndex = zIndex;
    map.getPane("outlines").style.pointerEvents = "none";
    map.getPane("selection").style.pointerEvents = "none";
    const shown = { fills: null, outlines: new Map(), hover: null, selected: null };

    for (const level of levels) {
      const lines = level.areas.map((area) => area.shape);
      const renderer = L.svg({ pane: "outlines", padding: 0.4 });
      const options = { ...OUTLINES[level.level], pane: "outlines", renderer, fill: false, interactive: false, lineJoin: "round", smoothFactor: 0.4 };
      shown.outlines.set(level.level, L.polygon(lines.flat(), options));
    }
    const edge = { pane: "selection", renderer: L.svg({ pane: "selection", padding: 0.4 }), fill: false, interactive: false, lineJoin: "round" };

    function outline(area, style) {
      return L.polygon(area.shape, { ...edge, ...style }).addTo(map);
    }
    function hover(area) {
      if (shown.hover) shown.hover.remove();
      shown.hover = area && outline(area, { color: "#10202e", weight: 2.6 });
    }
    function select(area) {
      if (shown.selected) shown.selected.remove();
      shown.selected = area && L.layerGroup([
        L.polygon(area.shape, { ...edge, color: "#ffffff", weight: 7, opacity: 0.9 }),
        L.polygon(area.shape, { ...edge, color: "#10202e", weight: 3.2 }),
      ]).addTo(map);
    }

    function fills(level) {
      const renderer = level.areas.length > MANY ? L.canvas({ pane: "areas", padding: 0.4 }) : L.svg({ pane: "areas", padding: 0.4 });
      const group = L.featureGroup();
      for (const area of level.areas) {
        const layer = L.polygon(area.shape, {
          pane: "areas", renderer, stroke: false, fillOpacity: 0.88, smoothFactor: 0.4,
          fillColor: gridgeo.fillOf(area, level, state.mode, data.palette),
        });
        layer.on("mouseover", () => hover(area));
        layer.on("mouseout", () => hover(null));
        layer.on("click", (event) => state.open(area, event.latlng));
        if (state.tips) layer.bindTooltip(() => state.tips(area), { sticky: true, className: "gg-tip", direction: "top", offset: [0, -10], opacity: 1 });
        group.addLayer(layer);
      }
      return group;
    }

    function draw() {
      if (shown.fills) shown.fills.remove();
      const current = levels.find((level) => level.level === state.level);
      shown.fills = fills(current).addTo(map);
      for (const [name, layer] of shown.outlines) {
        if (name === "micro" && state.level !== "micro") layer.remove();
        else layer.addTo(map);
      }
      hover(null);
    }
    return { draw, select };
  };

  gridgeo.addFindings = function (map, data, decode) {
    map.createPane("findings").style.zIndex = 450;
    const renderer = L.svg({ pane: "findings", padding: 0.4 });
    const group = L.layerGroup();
    for (const finding of data.findings) {
      const colour = data.palette.severity[finding.severity];
      const options = { pane: "findings", renderer, color: colour, weight: 2.5, fillColor: colour, fillOpacity: 0.45 };
      const shape = finding.areas.length ? L.polygon(decode.area(finding.areas), options)
        : finding.lines.length ? L.polyline(finding.lines.map(decode.line), { ...options, weight: 4 }) : null;
      const ring = L.circleMarker(decode.place(finding.at), { ...options, radius: 8, weight: 2.5, fillOpacity: 0.12 });
      for (const layer of [shape, ring]) {
        if (!layer) continue;
        layer.bindPopup(() => gridgeo.findingCard(finding, data), { className: "gg-card", minWidth: 240 });
        group.addLayer(layer);
      }
    }
    return group;
  };
})(window.gridgeo);
