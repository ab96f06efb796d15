/** The search box: addresses from the service, areas by name or code from what the map shows. */

import { make } from "./dom.js";
import { word } from "./language.js";
import { ServiceError, ask } from "./service.js";
import { change, hear, read } from "./state.js";

const WAIT_MS = 180;
const AREAS_SHOWN = 4;
const ADDRESSES_SHOWN = 6;

/** Set the box up. */
export function startSearch() {
  const input = document.getElementById("search");
  const list = document.getElementById("suggestions");
  const clear = document.getElementById("search-clear");
  const box = { input, list, options: [], at: -1, pending: null, waiting: null };
  input.addEventListener("input", () => {
    clear.hidden = !input.value;
    clearTimeout(box.waiting);
    box.waiting = setTimeout(() => suggest(box), WAIT_MS);
  });
  input.addEventListener("keydown", (event) => key(box, event));
  input.addEventListener("focus", () => box.options.length && open(box, true));
  document.addEventListener("pointerdown", (event) => {
    if (!document.getElementById("search-box").contains(event.target)) open(box, false);
  });
  clear.addEventListener("click", () => {
    input.value = "";
    clear.hidden = true;
    fill(box, []);
    change({ place: null });
    input.focus();
  });
  hear(["language"], () => fill(box, []));
}

async function suggest(box) {
  const text = box.input.value.trim();
  box.pending?.abort();
  if (!text) return fill(box, []);
  box.pending = new AbortController();
  try {
    const { features } = await ask("/v1/addresses/search", { q: text, limit: ADDRESSES_SHOWN, autocomplete: true, level: read("level") }, box.pending.signal);
    fill(box, [...areasNamed(text), ...features.filter(({ geometry }) => geometry).map(asOption)], text);
  } catch (error) {
    if (error.name === "AbortError") return;
    const said = error instanceof ServiceError ? word(error.kind) : word("failed");
    fill(box, areasNamed(text), text, said);
  }
}

function areasNamed(text) {
  const asked = text.toLowerCase();
  const matches = (read("areas") ?? []).filter(({ name, code, area_id: id }) => [name, code, id].some((value) => value?.toLowerCase().includes(asked)));
  return matches.slice(0, AREAS_SHOWN).map((area) => ({
    label: area.name || area.code, note: area.code ?? "", kind: word(read("level")), take: () => change({ selected: area.area_id, place: null }),
  }));
}

function asOption({ geometry, properties }) {
  const { label } = properties.geocoding;
  const [lon, lat] = geometry.coordinates;
  const take = () => change({ place: { lon, lat, label, candidates: properties.candidates }, selected: properties.area?.area_id ?? null });
  return { label, note: properties.area?.name ?? properties.area?.code ?? "", kind: word("address"), take };
}

function fill(box, options, text = "", fault = "") {
  box.options = options;
  box.at = -1;
  const rows = options.map((option, at) => make("li", {
    role: "option", id: `suggestion-${at}`, "aria-selected": "false",
    onpointerdown: (event) => {
      event.preventDefault();
      choose(box, at);
    },
  }, make("span", { class: "label" }, option.label), make("span", { class: "note" }, [option.kind, option.note].filter(Boolean).join(" · "))));
  if (!options.length && text) rows.push(make("li", { class: "nothing" }, fault || word("no_match", { text })));
  box.list.replaceChildren(...rows);
  open(box, rows.length > 0);
  mark(box);
}

function open(box, shown) {
  box.list.hidden = !shown;
  box.input.setAttribute("aria-expanded", String(shown));
}

function mark(box) {
  [...box.list.children].forEach((row, at) => row.setAttribute("aria-selected", String(at === box.at)));
  if (box.at < 0) return box.input.removeAttribute("aria-activedescendant");
  box.input.setAttribute("aria-activedescendant", `suggestion-${box.at}`);
  box.list.children[box.at].scrollIntoView({ block: "nearest" });
}

function key(box, event) {
  const count = box.options.length;
  const moves = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in moves && count) {
    event.preventDefault();
    open(box, true);
    box.at = (box.at + moves[event.key] + count + (box.at < 0 && event.key === "ArrowUp" ? 1 : 0)) % count;
    mark(box);
  } else if (event.key === "Enter" && !event.isComposing) {
    if (count) choose(box, Math.max(box.at, 0));
    else suggest(box);
  } else if (event.key === "Escape" && !box.list.hidden) {
    event.stopPropagation();
    open(box, false);
  }
}

function choose(box, at) {
  const option = box.options[at];
  box.input.value = option.label;
  open(box, false);
  option.take();
}
