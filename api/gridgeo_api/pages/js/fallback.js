/** A simpler map for browsers without WebGL 2: the areas as one drawing, to look at, to choose from, to enlarge. */

import { draw } from "./dom.js";
import { number, word } from "./language.js";
import { tell } from "./notice.js";
import { colourOf } from "./palette.js";
import { askAreas } from "./service.js";
import { change, hear, read } from "./state.js";

const WIDTH = 1000;

/** Draw the town into a container. @returns a promise that resolves once it is drawn */
export async function startFallback(container, stats) {
  const sheet = draw("svg", { class: "sheet", role: "group", preserveAspectRatio: "xMidYMid meet" });
  container.append(sheet);
  const flat = projection(stats.bounds);
  const view = { x: 0, y: 0, width: WIDTH, height: flat.height };
  const look = () => sheet.setAttribute("viewBox", [view.x, view.y, view.width, view.height].join(" "));
  const communities = await askAreas("community", "area");
  const redraw = async () => {
    const level = read("level");
    const areas = await askAreas(level, "area");
    if (level !== read("level")) return;
    change({ areas: areas.features.map(({ properties }) => properties) });
    const drawn = areas.features.map((feature) => shape(feature, flat, stats));
    sheet.replaceChildren(...drawn, ...(level === "community" ? [] : outlines(communities, flat)), ...names(areas, flat));
    choose(sheet);
  };
  hear(["level", "colour", "language"], () => redraw().catch(tell));
  hear(["selected"], () => choose(sheet));
  movable(sheet, view, look);
  look();
  await redraw();
}

/** Flatten degrees around the middle of the town; true to about a thousandth over a town's width. */
function projection([west, south, east, north]) {
  const narrow = Math.cos(((south + north) / 2) * (Math.PI / 180));
  const scale = WIDTH / ((east - west) * narrow);
  return {
    height: (north - south) * scale,
    at: ([lon, lat]) => [(lon - west) * narrow * scale, (north - lat) * scale],
  };
}

function outlines(communities, flat) {
  return communities.features.map(({ geometry }) => draw("path", { class: "outline", d: pathOf(geometry, flat), "aria-hidden": "true" }));
}

function pathOf(geometry, flat) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const ring = (points) => `M${points.map((point) => flat.at(point).map((value) => value.toFixed(1)).join(" ")).join("L")}Z`;
  return polygons.flat().map(ring).join("");
}

function shape({ geometry, properties }, flat, stats) {
  const pick = () => change({ selected: properties.area_id, place: null });
  return draw("path", {
    d: pathOf(geometry, flat), fill: colourOf(properties, read("colour"), stats.levels[read("level")].sizes), "fill-rule": "evenodd", "data-area": properties.area_id,
    tabindex: 0, role: "button", "aria-label": `${properties.name || properties.code}, ${number(properties.households)} ${word("households")}`,
    onclick: pick, onkeydown: (event) => (event.key === "Enter" || event.key === " ") && pick(),
  });
}

function names(areas, flat) {
  if (areas.features.length > 150) return [];
  return areas.features.map(({ properties }) => {
    const [x, y] = flat.at([properties.label_lon, properties.label_lat]);
    return draw("text", { x, y, "aria-hidden": "true" }, properties.short_name || properties.name || properties.code);
  });
}

function choose(sheet) {
  for (const path of sheet.querySelectorAll("[data-area]")) path.classList.toggle("chosen", path.dataset.area === read("selected"));
}

/** Enlarge with the wheel, move by dragging. */
function movable(sheet, view, look) {
  sheet.addEventListener("wheel", (event) => {
    event.preventDefault();
    const by = event.deltaY > 0 ? 1.2 : 1 / 1.2;
    const frame = sheet.getBoundingClientRect();
    const [across, down] = [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height];
    view.x += view.width * across * (1 - by);
    view.y += view.height * down * (1 - by);
    view.width *= by;
    view.height *= by;
    look();
  }, { passive: false });
  sheet.addEventListener("pointermove", (event) => {
    if (event.buttons !== 1) return;
    const scale = view.width / sheet.clientWidth;
    view.x -= event.movementX * scale;
    view.y -= event.movementY * scale;
    look();
  });
}
