// Turns the page's data back into coordinates: whole numbers, each a step from the one before.
window.gridgeo = {};
(function (gridgeo) {
  "use strict";

  gridgeo.decoder = function (frame) {
    function line(steps) {
      const places = new Array(steps.length / 2);
      let x = frame.west, y = frame.south;
      for (let at = 0; at < places.length; at++) {
        x += steps[2 * at];
        y += steps[2 * at + 1];
        places[at] = L.latLng(y / frame.scale, x / frame.scale);
      }
      return places;
    }
    return {
      line,
      place: (pair) => line(pair)[0],
      area: (parts) => parts.map((rings) => rings.map(line)),
    };
  };

  // A level's columns become one object an area, and ids become references.
  gridgeo.readLevels = function (data, decode) {
    const byId = new Map();
    const levels = data.levels.map((level) => {
      const columns = Object.entries(level.areas);
      const areas = level.areas.id.map((id, at) => {
        const area = { level: level.level, words: level.words };
        for (const [name, values] of columns) area[name] = values[at];
        area.shape = decode.area(area.shape);
        area.anchor = decode.place(area.anchor);
        area.limits = area.exclusive ? null : level.limits;
        area.measure = level.measure;
        area.measure_word = level.measure_word;
        byId.set(id, area);
        return area;
      });
      return { ...level, areas };
    });
    for (const level of levels) {
      for (const area of level.areas) {
        area.parent = byId.get(area.parent) || null;
        area.neighbours = area.neighbours.map((at) => level.areas[at]);
        area.children = [];
      }
    }
    for (const area of byId.values()) if (area.parent) area.parent.children.push(area);
    return levels;
  };

  // Elements are made with text, never with markup: a name from the data stays a name.
  gridgeo.element = function (tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "text") made.textContent = value;
      else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (name === "style") Object.assign(made.style, value);
      else if (value !== null && value !== undefined) made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  };

  gridgeo.icon = function (path, size = 16) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const drawn = document.createElementNS("http://www.w3.org/2000/svg", "path");
    for (const [name, value] of Object.entries({ width: size, height: size, viewBox: "0 0 16 16", "aria-hidden": "true" }))
      svg.setAttribute(name, value);
    for (const [name, value] of Object.entries({ d: path, fill: "none", stroke: "currentColor", "stroke-width": 1.6, "stroke-linecap": "round", "stroke-linejoin": "round" }))
      drawn.setAttribute(name, value);
    svg.append(drawn);
    return svg;
  };

  gridgeo.fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
})(window.gridgeo);
