/** The legend: what colours and lines mean in the view that is shown. */

import { draw, make } from "./dom.js";
import { levelWord, number, word } from "./language.js";
import { SHADES } from "./palette.js";
import { hear, read } from "./state.js";

const ROOMY_PX = 1180;
const PHONE_PX = 720;

/** Keep the legend in step with the view. */
export function startLegend(box, stats, isSimple = false) {
  const [title, body] = box.children;
  box.open = innerWidth >= ROOMY_PX || innerWidth <= PHONE_PX;
  const show = () => {
    const level = read("level");
    const { band, sizes, band_words: said } = stats.levels[level];
    title.textContent = word("legend_of", { levels: word(`${level}_many`) });
    body.replaceChildren(...[
      ...(read("colour") === "band" && sizes ? sizeKey(level, band, sizes, said) : communityKey(level)),
      read("heat") ? heatKey(stats) : null,
      isSimple ? null : lines(stats, level),
    ].filter(Boolean));
  };
  hear(["level", "colour", "heat", "language"], show);
  show();
}

function communityKey(level) {
  const strip = make("div", { class: "strip", "aria-hidden": "true" }, SHADES.map((shades) => swatch(shades[level === "community" ? 0 : 1])));
  return [strip, make("p", { class: "key-note" }, level === "community" ? word("by_community") : word("shades", { level: levelWord(level) }))];
}

function sizeKey(level, { low, high }, { measure, colours, below, above }, said) {
  const within = colours.length - below - above;
  const isClosed = low !== null && high !== null;
  const range = isClosed ? `${number(low)}–${number(high)}` : said[read("language")] ?? said.en;
  const groups = [[below, `< ${number(low)}`, "below_band"], [within, range, "in_band"], [above, `> ${number(high)}`, "above_band"]].filter(([classes]) => classes);
  const keys = make("ul", { class: "sizes" }, groups.map(([classes, range, meaning]) => {
    const entry = make("li", {}, make("strong", {}, range), make("span", {}, word(meaning)));
    entry.style.flexGrow = classes;
    return entry;
  }));
  const strip = make("div", { class: "strip", "aria-hidden": "true" }, colours.map(swatch));
  return [make("p", { class: "key-note" }, word(`${measure}_on_level`, { level: levelWord(level) })), strip, keys];
}

function heatKey(stats) {
  const ramp = make("div", { class: "ramp", "aria-hidden": "true" });
  ramp.style.background = `linear-gradient(90deg, ${stats.heat_ramp.join(", ")})`;
  return make("div", { class: "heat-key" }, make("p", { class: "key-note" }, word("incidents_heat")), ramp,
    make("p", { class: "ends" }, make("span", {}, word("heat_less")), make("span", {}, word("heat_more"))));
}

function lines(stats, level) {
  const drawn = [["community-line", word("community")]];
  for (const inner of ["grid", "micro"]) {
    if (stats.levels[inner] && (inner === level || level === "micro")) drawn.push([`${inner}-line`, word(inner)]);
  }
  if (stats.tiles.includes("streets")) drawn.push(["street-line", word("street")]);
  if (stats.kinds.includes("rail")) drawn.push(["rail-line", word("rail")]);
  if (["river", "lake", "pond", "water"].some((kind) => stats.kinds.includes(kind))) drawn.push(["water-line", word("water")]);
  return make("ul", { class: "lines" }, drawn.map(([kind, name]) => make("li", {},
    draw("svg", { viewBox: "0 0 22 10", "aria-hidden": "true", class: kind }, draw("path", { d: "M1 5h20" }), draw("path", { class: "over", d: "M1 5h20" })),
    make("span", {}, name))));
}

function swatch(colour) {
  const box = make("span", { class: "swatch" });
  box.style.background = colour;
  return box;
}
