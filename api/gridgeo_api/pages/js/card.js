/** The card of an area: what it is, how large, who answers for it, what lies beside it. */

import { make } from "./dom.js";
import { area, day, levelWord, number, roleWord, share, word } from "./language.js";
import { LEVELS } from "./layers.js";
import { ServiceError, ask } from "./service.js";
import { change, hear, read } from "./state.js";

const BELOW_ON_SCALE = 0.4; // the scale of the gauge runs from 60 % of the lower limit ...
const ABOVE_ON_SCALE = 0.3; // ... to 130 % of the upper one

/** Keep the card in step with the chosen area. @param onOpen called with the area's feature once it is shown */
export function startCard(container, onOpen) {
  let pending = null;
  let shown = null;
  const open = async () => {
    pending?.abort();
    const id = read("selected");
    document.body.classList.toggle("has-area", id !== null);
    if (id === null) {
      shown = null;
      return container.replaceChildren(...overview());
    }
    pending = new AbortController();
    container.setAttribute("aria-busy", "true");
    try {
      shown = await ask(`/v1/areas/${encodeURIComponent(id)}`, {}, pending.signal);
      if (shown.properties.level !== read("level") && LEVELS.includes(shown.properties.level)) change({ level: shown.properties.level });
      container.replaceChildren(...content(shown));
      container.scrollTop = 0;
      onOpen(shown);
    } catch (error) {
      if (error.name === "AbortError") return;
      container.replaceChildren(fault(error, open));
    }
    container.removeAttribute("aria-busy");
  };
  hear(["selected"], open);
  hear(["level"], () => {
    if (shown && LEVELS.includes(shown.properties.level) && shown.properties.level !== read("level")) change({ selected: null, place: null });
    else if (!shown && read("selected") === null) container.replaceChildren(...overview());
  });
  hear(["language", "place"], () => container.replaceChildren(...(shown ? content(shown) : overview())));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && read("selected") !== null) change({ selected: null, place: null });
  });
  open();
}

function fault(error, again) {
  const key = error instanceof ServiceError ? error.kind : "failed";
  return make("div", { class: "fault", role: "alert" }, make("p", {}, word(key)), make("button", { type: "button", class: "plain", onclick: again }, word("retry")));
}

/** What stands there while no area is chosen. */
function overview() {
  const stats = read("stats");
  const level = read("level");
  const of = stats.levels[level];
  const figures = [
    figure(number(of.areas), word(`${level}_many`)),
    figure(number(of.households), word("households")),
    of.in_band === null ? figure(number(of.persons), word("people")) : figure(share(of.in_band), word("in_band_share")),
  ];
  return [
    make("div", { class: "figures" }, figures),
    make("p", { class: "hint" }, word("empty_hint", { level: levelWord(level) }), " ",
      make("span", { class: "for-keys" }, word("empty_keys", { level: levelWord(level) }))),
  ];
}

function figure(value, label) {
  return make("div", { class: "figure" }, make("span", { class: "value" }, value), make("span", { class: "label" }, label));
}

function content(feature) {
  const card = feature.properties;
  return [
    place(),
    make("div", { class: "card-head" },
      make("div", {}, make("p", { class: "eyebrow" }, `${word(card.level)} · ${card.code || card.area_id}`), make("h2", {}, card.name || card.code || card.area_id)),
      make("button", { type: "button", class: "close", "aria-label": word("close"), onclick: () => change({ selected: null, place: null }) }, "×")),
    card.band ? gauge(card) : null,
    make("dl", { class: "facts" },
      card.band && card.measure === "households" ? null : fact(word("households"), number(card.households)), fact(word("people"), number(card.persons)), fact(word("area"), area(card.area_m2)),
      card.incidents === null ? null : fact(incidentsLabel(), number(card.incidents))),
    section(word("officer"), officers(card.officers)),
    section(word("part_of"), links(card.parents)),
    children(card),
    section(word("neighbours"), card.neighbours.length ? chips(card.neighbours, card.parents[0]?.name) : make("p", { class: "none" }, word("no_neighbours"))),
    card.valid_from ? make("p", { class: "since" }, word("plan_since", { day: day(card.valid_from) })) : null,
  ].filter((part) => part !== null);
}

function incidentsLabel() {
  const { days } = read("stats").incidents;
  return word("incidents_in_days", { days: number(days) });
}

/** The address that led here, and the other areas it may belong to. */
function place() {
  const found = read("place");
  if (!found) return null;
  const others = found.candidates ?? [];
  return make("div", { class: "place" },
    make("p", { class: "eyebrow" }, word("address")), make("p", { class: "label" }, found.label),
    others.length ? make("div", { class: "doubt" }, make("p", {}, word("also_possible")), chips(others)) : null);
}

function gauge(card) {
  const { low, high, state } = card.band;
  const [said, amount] = [bandSaid(card), number(card.amount)];
  if (low === null || high === null) return make("div", { class: `gauge ${state ?? ""}` }, make("p", {}, make("strong", {}, amount), ` · ${said}`));
  const [from, to] = [low * (1 - BELOW_ON_SCALE), high * (1 + ABOVE_ON_SCALE)];
  const at = (value) => Math.min(100, Math.max(0, ((value - from) / (to - from)) * 100));
  const band = make("span", { class: "band" });
  band.style.left = `${at(low)}%`;
  band.style.width = `${at(high) - at(low)}%`;
  const needle = make("span", { class: "needle" });
  needle.style.left = `${at(card.amount)}%`;
  const unit = card.measure === "households" ? ` ${word("households_unit")}` : "";
  return make("div", { class: `gauge ${state ?? ""}` }, make("div", { class: "scale", "aria-hidden": "true" }, band, needle),
    make("p", {}, make("strong", {}, amount), `${unit} · ${said}`));
}

/** Say how the amount lies to the band; a band with an open end, or of another measure, is said in the service's words. */
function bandSaid({ band: { low, high, state }, measure, band_words: words }) {
  if (state === null || measure !== "households" || low === null || high === null) return words[read("language")] ?? words.en;
  return word(state, { low: number(low), high: number(high) });
}

function fact(label, value) {
  return make("div", {}, make("dt", {}, label), make("dd", {}, value));
}

function section(title, body) {
  return make("section", {}, make("h3", {}, title), body);
}

function officers(list) {
  if (!list.length) return make("p", { class: "none" }, word("no_officer"));
  return make("ul", { class: "officers" }, list.map((officer) => make("li", {},
    make("span", { class: "initial", "aria-hidden": "true" }, [...officer.name][0] ?? ""),
    make("span", { class: "who" }, make("strong", {}, officer.name), make("span", {}, roleWord(officer.role))),
    officer.phone ? make("span", { class: "phone" }, officer.phone) : null)));
}

function links(parents) {
  return make("p", { class: "path" }, parents.flatMap((parent, at) => [
    at ? make("span", { "aria-hidden": "true" }, " ‹ ") : null,
    make("button", { type: "button", class: "link", onclick: () => change({ selected: parent.area_id, place: null }) }, parent.name || parent.code),
  ]));
}

function children(card) {
  if (!card.children.length) return null;
  return section(word("contains"), make("p", { class: "path" }, card.children.flatMap(({ level, areas }, at) => [
    at ? make("span", { "aria-hidden": "true" }, " · ") : null,
    make("button", { type: "button", class: "link", onclick: () => change({ selected: null, level }) }, `${number(areas)} ${word(`${level}_many`).toLowerCase()}`),
  ])));
}

/** Buttons that open other areas; a name leaves out what the parent they share says already. */
function chips(areas, parent = "") {
  const short = (other) => (parent && other.name?.startsWith(parent) && other.name.slice(parent.length).trim()) || other.name || other.code || other.area_id;
  return make("ul", { class: "chips" }, areas.map((other) => make("li", {},
    make("button", { type: "button", class: "chip", title: other.name, onclick: () => change({ selected: other.area_id, place: null }) }, short(other)))));
}
