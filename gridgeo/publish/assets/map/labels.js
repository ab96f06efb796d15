// Writes names on the map: areas at their middle, streets along their line, none over another.
(function (gridgeo) {
  "use strict";

  const SANS = '"Inter","Segoe UI","Helvetica Neue","Noto Sans CJK SC","Noto Sans SC","PingFang SC","Microsoft YaHei","WenQuanYi Micro Hei",Arial,sans-serif';
  const STREET_PX = { 1: 13, 2: 12.5, 3: 12, 4: 11.5, 5: 11, 6: 10.5 };
  const STREET_ZOOM = { 1: 12, 2: 13, 3: 14, 4: 14.5, 5: 15.25, 6: 16 };
  const REPEAT_PX = 480;
  const WIDE = /[\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]/;

  // Places taken so far, in cells of 64 pixels.
  class Taken {
    constructor() { this.cells = new Map(); }
    *keys([left, top, right, bottom]) {
      for (let x = Math.floor(left / 64); x <= Math.floor(right / 64); x++)
        for (let y = Math.floor(top / 64); y <= Math.floor(bottom / 64); y++) yield x + "," + y;
    }
    free(boxes) {
      return boxes.every((box) => [...this.keys(box)].every((key) => (this.cells.get(key) || []).every((other) =>
        box[2] <= other[0] || other[2] <= box[0] || box[3] <= other[1] || other[3] <= box[1])));
    }
    take(boxes) {
      for (const box of boxes) for (const key of this.keys(box)) {
        if (!this.cells.has(key)) this.cells.set(key, []);
        this.cells.get(key).push(box);
      }
    }
  }

  gridgeo.labelLayer = function (levels, streets, decode, state) {
    const lines = streets.filter((street) => street.name).map((street) => ({ ...street, lines: street.lines.map(decode.line) }))
      .sort((a, b) => a.rank - b.rank);
    const Layer = L.Renderer.extend({
      _initContainer() {
        this._container = document.createElement("canvas");
        this._container.setAttribute("aria-hidden", "true");
        this._context = this._container.getContext("2d");
      },
      _destroyContainer() { this._container.remove(); },
      getEvents() {
        return { ...L.Renderer.prototype.getEvents.call(this), moveend: this._update };
      },
      _update() {
        if (this._map._animatingZoom && this._bounds) return;
        L.Renderer.prototype._update.call(this);
        const size = this._bounds.getSize(), ratio = window.devicePixelRatio || 1, canvas = this._container;
        L.DomUtil.setPosition(canvas, this._bounds.min);
        canvas.width = size.x * ratio;
        canvas.height = size.y * ratio;
        canvas.style.width = size.x + "px";
        canvas.style.height = size.y + "px";
        this._context.setTransform(ratio, 0, 0, ratio, -this._bounds.min.x * ratio, -this._bounds.min.y * ratio);
        write(this._context, this._map, this._bounds, levels, lines, state);
      },
      redraw() { if (this._map) this._update(); },
    });
    return new Layer({ pane: "labels", padding: 0.15 });
  };

  function write(context, map, bounds, levels, lines, state) {
    const taken = new Taken(), metres = gridgeo.metresPerPixel(map), sheet = { context, map, bounds, taken, metres };
    context.textBaseline = "middle";
    context.lineJoin = "round";
    if (state.names) {
      const level = (name) => levels.find((found) => found.level === name);
      const shown = level(state.level), communities = level("community");
      if (communities && communities !== shown) communities.areas.forEach((area) => writeCommunity(sheet, area));
      [...shown.areas].sort((a, b) => b.households - a.households).forEach((area) => writeArea(sheet, area));
    }
    if (state.streets) lines.forEach((street) => writeStreet(sheet, street));
  }

  function halo(context, text, x, y, colour, width) {
    context.strokeStyle = "rgba(255,255,255,.88)";
    context.lineWidth = width;
    context.strokeText(text, x, y);
    context.fillStyle = colour;
    context.fillText(text, x, y);
  }

  // A community's name stands over its grids while these are small, and leaves when it fills the screen.
  function writeCommunity({ context, map, bounds, taken, metres }, area) {
    const radius = area.radius_m / metres, at = map.latLngToLayerPoint(area.anchor);
    if (!bounds.contains(at) || radius < 16 || radius > 330) return;
    const size = Math.min(17, Math.max(12, radius / 7));
    context.font = `700 ${size}px ${SANS}`;
    context.letterSpacing = WIDE.test(area.name) ? "2px" : "0.5px";
    const width = context.measureText(area.name).width;
    const box = [at.x - width / 2 - 6, at.y - size * 0.8, at.x + width / 2 + 6, at.y + size * 0.8];
    if (width < radius * 3.4 && taken.free([box])) {
      taken.take([box]);
      context.textAlign = "center";
      halo(context, area.name, at.x, at.y, "#1d2530", 4.5);
    }
    context.letterSpacing = "0px";
  }

  // An area's name with its count, or as much of them as fits: the letters grow a little with the area.
  function writeArea({ context, map, bounds, taken, metres }, area) {
    const radius = area.radius_m / metres, at = map.latLngToLayerPoint(area.anchor);
    if (!bounds.contains(at) || radius < 9) return;
    const mark = !area.side || !area.amount ? "" : area.side < 0 ? "▼" : "▲";
    const amount = area.measure ? area.amount : area.households, count = amount ? mark + amount.toLocaleString() : "";
    const size = Math.min(15, Math.max(11.5, radius / 9)), step = size * 1.22;
    const full = radius > 90 ? [[area.name, count]] : [];
    const numbered = area.level === "micro" ? [[area.short, count]] : [];
    for (const lines of [...full, [area.label, count], ...numbered, [area.label], [area.short], [mark && count]]) {
      const written = lines.filter(Boolean), height = step * written.length;
      if (!written.length) continue;
      const font = (text) => `${text === count && !mark ? 500 : 650} ${text === count ? size - 0.5 : size}px ${SANS}`;
      const width = Math.max(...written.map((text) => { context.font = font(text); return context.measureText(text).width; }));
      const box = [at.x - width / 2 - 2, at.y - height / 2, at.x + width / 2 + 2, at.y + height / 2];
      if (Math.hypot(width, height) > 2.5 * radius || !taken.free([box])) continue;
      taken.take([box]);
      context.textAlign = "center";
      written.forEach((text, row) => {
        context.font = font(text);
        halo(context, text, at.x, at.y + (row - (written.length - 1) / 2) * step, area.level === "micro" ? "#3a4552" : "#1d2530", 3);
      });
      return;
    }
  }

  function writeStreet(sheet, street) {
    const { context, map, bounds, taken } = sheet;
    if (map.getZoom() < (STREET_ZOOM[street.rank] || 15)) return;
    const size = STREET_PX[street.rank] || 11, water = street.kind === "river", past = [];
    context.font = `${water ? "italic " : ""}500 ${size}px ${SANS}`;
    const glyphs = Array.from(street.name), spread = WIDE.test(street.name) ? size * 0.35 : 0.3;
    const advances = glyphs.map((_, at) => context.measureText(glyphs.slice(0, at + 1).join("")).width + at * spread);
    const width = advances[advances.length - 1];
    for (const places of street.lines) {
      const path = visible(places.map((place) => map.latLngToLayerPoint(place)), bounds, width);
      if (!path) continue;
      for (const middle of candidates(path.length, width)) {
        const laid = lay(path, glyphs, advances, middle - width / 2, size);
        if (!laid) continue;
        const [x, y] = [laid[laid.length >> 1].x, laid[laid.length >> 1].y];
        if (past.some((other) => Math.hypot(other[0] - x, other[1] - y) < REPEAT_PX)) continue;
        const boxes = laid.map((glyph) => [glyph.x - size * 0.6, glyph.y - size * 0.6, glyph.x + size * 0.6, glyph.y + size * 0.6]);
        if (!taken.free(boxes)) continue;
        taken.take(boxes);
        past.push([x, y]);
        draw(context, laid, water ? "#2c6787" : street.kind === "street" ? "#4b4638" : "#6d675c");
      }
    }
  }

  // The line in pixels with the way walked so far, or nothing when it is out of sight or too short.
  function visible(points, bounds, width) {
    const at = [0];
    for (let i = 1; i < points.length; i++) at.push(at[i - 1] + points[i].distanceTo(points[i - 1]));
    const length = at[at.length - 1];
    return length > width * 1.15 && bounds.intersects(L.bounds(points)) ? { points, at, length, bounds } : null;
  }

  function candidates(length, width) {
    const found = [length / 2];
    for (let step = width; step < length / 2 - width / 2; step += width) found.push(length / 2 - step, length / 2 + step);
    return found;
  }

  // Where each letter goes and how it is turned; nothing where the line bends too much or leaves the screen.
  function lay(path, glyphs, advances, start, size) {
    if (start < 0 || start + advances[advances.length - 1] > path.length) return null;
    const [first, last] = [walk(path, start), walk(path, start + advances[advances.length - 1])];
    if (!path.bounds.contains(first) || !path.bounds.contains(last)) return null;
    const chord = Math.hypot(last.x - first.x, last.y - first.y);
    if (chord < 0.94 * advances[advances.length - 1]) return null;
    const upright = WIDE.test(glyphs.join("")) && Math.abs(last.y - first.y) > 1.4 * Math.abs(last.x - first.x);
    const backwards = upright ? last.y < first.y : last.x < first.x;
    const total = advances[advances.length - 1], laid = [];
    for (let at = 0; at < glyphs.length; at++) {
      const middle = ((advances[at - 1] || 0) + advances[at]) / 2;
      const place = walk(path, start + (backwards ? total - middle : middle));
      const turn = place.angle + (backwards ? Math.PI : 0);
      if (laid.length && !upright && Math.abs(Math.sin(turn - laid[at - 1].turn)) > 0.5) return null;
      laid.push({ text: glyphs[at], x: place.x, y: place.y, turn: upright ? 0 : turn, size });
    }
    return laid;
  }

  function walk(path, distance) {
    let low = 0, high = path.at.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (path.at[middle] <= distance) low = middle; else high = middle;
    }
    const from = path.points[low], to = path.points[high], share = (distance - path.at[low]) / (path.at[high] - path.at[low] || 1);
    const place = L.point(from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share);
    place.angle = Math.atan2(to.y - from.y, to.x - from.x);
    return place;
  }

  function draw(context, laid, colour) {
    context.textAlign = "center";
    for (const paint of ["strokeText", "fillText"]) {
      context.strokeStyle = "rgba(255,255,255,.9)";
      context.lineWidth = 3;
      context.fillStyle = colour;
      for (const glyph of laid) {
        context.save();
        context.translate(glyph.x, glyph.y);
        context.rotate(glyph.turn);
        context[paint](glyph.text, 0, 0);
        context.restore();
      }
    }
  }
})(window.gridgeo);
