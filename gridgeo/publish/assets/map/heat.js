// Draws the density of incidents: counts are smoothed, scaled once for each zoom, and coloured tile by tile.
(function (gridgeo) {
  "use strict";

  const SIGMA_M = 55, LEAST_PX = 7, MOST_PX = 40; // width of the smoothing, on the ground and on the screen
  const STEP = 4; // one density value for 4 x 4 pixels; the canvas smooths in between

  gridgeo.heatLayer = function (map, heat, frame, ramp) {
    const cells = worldCells(heat, frame);
    const scales = new Map();
    const colours = ramp.map((colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)));
    const Layer = L.GridLayer.extend({
      createTile(coords) {
        const tile = document.createElement("canvas");
        tile.width = tile.height = 256;
        const sigma = sigmaPx(coords.z, heat.latitude);
        if (!scales.has(coords.z)) scales.set(coords.z, scaleOf(cells, coords.z, sigma));
        const values = density(cells, coords, sigma);
        if (values) paint(tile.getContext("2d"), values, scales.get(coords.z), colours);
        return tile;
      },
    });
    map.createPane("heat").style.zIndex = 370;
    map.getPane("heat").style.pointerEvents = "none";
    return new Layer({ pane: "heat", opacity: 1, updateWhenZooming: false, keepBuffer: 1 });
  };

  function sigmaPx(zoom, latitude) {
    const metres = (40075016.7 * Math.cos((latitude * Math.PI) / 180)) / (256 * 2 ** zoom);
    return Math.min(MOST_PX, Math.max(LEAST_PX, SIGMA_M / metres));
  }

  // Where each cell lies in the square of the world, 0 to 1 from its north-west corner.
  function worldCells(heat, frame) {
    const count = heat.cells.length / 3;
    const x = new Float64Array(count), y = new Float64Array(count), weight = new Float32Array(count);
    let east = frame.west, north = frame.south;
    for (let at = 0; at < count; at++) {
      east += heat.cells[3 * at];
      north += heat.cells[3 * at + 1];
      const sine = Math.sin((north / frame.scale) * (Math.PI / 180));
      x[at] = east / frame.scale / 360 + 0.5;
      y[at] = 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
      weight[at] = heat.cells[3 * at + 2];
    }
    return { x, y, weight };
  }

  // What counts as hot: the 98th percentile of the density where incidents are, by a sample of the cells.
  function scaleOf(cells, zoom, sigma) {
    const world = 256 * 2 ** zoom, reach = 3 * sigma / world, narrow = (world / sigma) ** 2 / 2;
    const every = Math.max(1, Math.floor(cells.x.length / 400)), found = [];
    for (let at = 0; at < cells.x.length; at += every) {
      let sum = 0;
      for (let other = 0; other < cells.x.length; other++) {
        const dx = cells.x[other] - cells.x[at], dy = cells.y[other] - cells.y[at];
        if (dx < reach && dx > -reach && dy < reach && dy > -reach) sum += cells.weight[other] * Math.exp(-(dx * dx + dy * dy) * narrow);
      }
      found.push(sum);
    }
    found.sort((a, b) => a - b);
    return (found[Math.floor(found.length * 0.98)] || 1) / (2 * Math.PI * (sigma / STEP) ** 2);
  }

  function density(cells, coords, sigma) {
    const margin = Math.ceil((3 * sigma) / STEP) + 1, side = 256 / STEP + 2 * margin, world = (256 / STEP) * 2 ** coords.z;
    const west = coords.x * (256 / STEP) - margin, north = coords.y * (256 / STEP) - margin;
    let values = null;
    for (let at = 0; at < cells.x.length; at++) {
      const column = cells.x[at] * world - west - 0.5, row = cells.y[at] * world - north - 0.5;
      if (column < 0 || row < 0 || column >= side - 1 || row >= side - 1) continue;
      values = values || new Float32Array(side * side);
      const left = Math.floor(column), top = Math.floor(row), dx = column - left, dy = row - top, first = top * side + left;
      values[first] += cells.weight[at] * (1 - dx) * (1 - dy);
      values[first + 1] += cells.weight[at] * dx * (1 - dy);
      values[first + side] += cells.weight[at] * (1 - dx) * dy;
      values[first + side + 1] += cells.weight[at] * dx * dy;
    }
    return values && { values: blur(blur(values, side, sigma / STEP), side, sigma / STEP), side, margin };
  }

  // Smooths along rows and turns the square over its diagonal: two runs smooth both ways.
  function blur(values, side, sigma) {
    const reach = Math.ceil(3 * sigma), kernel = [], out = new Float32Array(side * side);
    let total = 0;
    for (let step = -reach; step <= reach; step++) total += kernel[step + reach] = Math.exp(-(step * step) / (2 * sigma * sigma));
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const value = values[row * side + column];
        if (!value) continue;
        const from = Math.max(0, column - reach), to = Math.min(side - 1, column + reach);
        for (let at = from; at <= to; at++) out[at * side + row] += (value * kernel[at - column + reach]) / total;
      }
    }
    return out;
  }

  function paint(context, { values, side, margin }, scale, colours) {
    const inner = 256 / STEP + 2, image = new ImageData(inner, inner);
    for (let row = 0; row < inner; row++) {
      for (let column = 0; column < inner; column++) {
        const value = Math.min(1, values[(row + margin - 1) * side + column + margin - 1] / scale) ** 0.85;
        if (value < 0.02) continue;
        const place = value * (colours.length - 1), low = Math.min(colours.length - 2, Math.floor(place)), share = place - low;
        const at = 4 * (row * inner + column);
        for (let band = 0; band < 3; band++) image.data[at + band] = colours[low][band] * (1 - share) + colours[low + 1][band] * share;
        image.data[at + 3] = 255 * 0.9 * Math.min(1, (value - 0.02) / 0.4);
      }
    }
    const small = document.createElement("canvas");
    small.width = small.height = inner;
    small.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(small, -STEP, -STEP, 256 + 2 * STEP, 256 + 2 * STEP);
  }
})(window.gridgeo);
