// Draws what lies below the areas: water, buildings, streets, rivers, railways and walls.
(function (gridgeo) {
  "use strict";

  // Widths on the ground in metres, and the least width on the screen in pixels, by rank.
  const WIDTH_M = { 1: 24, 2: 18, 3: 14, 4: 11, 5: 8, 6: 5 };
  const LEAST_PX = { 1: 2.2, 2: 1.8, 3: 1.3, 4: 1, 5: 0.7, 6: 0.4 };
  const COLOURS = { street: "#ffffff", river: "#a9cbdc", rail: "#9a958b", wall: "#b3a999" };

  gridgeo.metresPerPixel = (map) =>
    (40075016.7 * Math.cos((map.getCenter().lat * Math.PI) / 180)) / (256 * 2 ** map.getZoom());

  gridgeo.addGround = function (map, data, decode) {
    map.createPane("ground").style.zIndex = 210;
    const renderer = L.canvas({ pane: "ground", padding: 0.4 });
    const base = { pane: "ground", renderer, interactive: false, smoothFactor: 0.6 };
    const group = L.layerGroup();
    const fills = [["green", "#dfe8d3"], ["water", "#c3dbe7"], ["buildings", "#dcd6ca"]];
    for (const [name, colour] of fills) {
      const shapes = data.ground[name] || [];
      if (shapes.length)
        group.addLayer(L.polygon(shapes.flatMap(decode.area), { ...base, stroke: false, fillColor: colour, fillOpacity: 1 }));
    }
    // A river's line is its name's line where its water is drawn.
    const lines = classes(data.streets, decode).filter((line) => line.kind !== "river" || !data.ground.water.length);
    const drawn = [];
    const add = (line, casing) => {
      const layer = L.polyline(line.places, { ...base, lineCap: "round", color: casing ? "#d0cabd" : COLOURS[line.kind], opacity: 1 });
      drawn.push({ ...line, layer, casing });
      group.addLayer(layer);
    };
    for (const line of lines) if (line.kind === "street") add(line, true);
    for (const line of lines) add(line, false);
    const restyle = () => drawn.forEach((line) => line.layer.setStyle(style(line, gridgeo.metresPerPixel(map))));
    map.on("zoomend", restyle);
    restyle();
    return group.addTo(map);
  };

  // Lanes first, so that main roads lie on top.
  function classes(streets, decode) {
    const found = new Map();
    for (const street of streets) {
      const key = street.kind + street.rank;
      if (!found.has(key)) found.set(key, { kind: street.kind, rank: street.rank, places: [] });
      found.get(key).places.push(...street.lines.map(decode.line));
    }
    return [...found.values()].sort((a, b) => b.rank - a.rank);
  }

  function style(line, metres) {
    if (line.kind === "rail") return { weight: Math.max(1.2, Math.min(3, 4 / metres)), dashArray: "6 4", lineCap: "butt" };
    if (line.kind === "wall") return { weight: 1, dashArray: "2 3" };
    if (line.kind === "river") return { weight: Math.max(2, 18 / metres) };
    const weight = Math.max(LEAST_PX[line.rank] || 1, (WIDTH_M[line.rank] || 8) / metres);
    return { weight: line.casing ? weight + (weight > 2 ? 1.8 : 1) : weight };
  }
})(window.gridgeo);
