/** The time window of the heat: a day-by-day drawing of the incidents with two handles, and the category. */

import { draw, make } from "./dom.js";
import { categoryWord, day, number, word } from "./language.js";
import { change, hear, read } from "./state.js";

const PRESETS = [7, 30];

/** Set the window up; it shows itself while the heat is on. */
export function startWindow(box, stats) {
  const { by_day: days, first, categories } = stats.incidents;
  if (!days.length) return;
  const range = { from: 0, to: days.length }; // days [from, to)
  const parts = build(days, range, () => {
    show();
    settle();
  });
  let waiting = null;
  const settle = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const whole = range.from === 0 && range.to === days.length;
      change({ since: whole ? null : dayAfter(first, range.from), until: whole ? null : dayAfter(first, range.to) });
    }, 160);
  };
  const show = () => {
    box.hidden = !read("heat");
    parts.paint(range);
    parts.category.value = read("category") ?? "";
    const [from, to] = [dayAfter(first, range.from), dayAfter(first, range.to - 1)];
    parts.said.textContent = word("from_until", { from: day(from), until: day(to) });
    parts.count.textContent = word("incidents_shown", { count: number(countIn(stats, range)) });
    parts.name({ first: day(from), last: day(to), all: days.length });
  };
  parts.category.replaceChildren(make("option", { value: "" }), ...categories.map(({ category }) => make("option", { value: category })));
  parts.category.value = "";
  parts.category.addEventListener("change", () => change({ category: parts.category.value || null }));
  box.replaceChildren(parts.head, parts.rail, parts.foot);
  hear(["since", "until"], () => {
    range.from = read("since") === null ? 0 : daysBetween(first, read("since"));
    range.to = read("until") === null ? days.length : daysBetween(first, read("until"));
    show();
  });
  hear(["heat", "language", "category"], show);
  show();
}

/** Count the incidents of the window; by category only as a share of all days, for the drawing holds no more. */
function countIn(stats, range) {
  const { by_day: days, by_day_and_category: split } = stats.incidents;
  const counts = read("category") ? split[read("category")] : days;
  return counts.slice(range.from, range.to).reduce((sum, value) => sum + value, 0);
}

function daysBetween(first, last) {
  return Math.round((Date.parse(last) - Date.parse(first)) / 86400e3);
}

function dayAfter(first, days) {
  return new Date(Date.parse(`${first}T00:00:00Z`) + days * 86400e3).toISOString().slice(0, 10);
}

function build(days, range, moved) {
  const bars = drawing(days);
  const first = handle(0, days.length - 1, 0);
  const last = handle(1, days.length, days.length);
  const take = (event) => {
    range.from = Math.min(Number(first.value), event.target === first ? range.to - 1 : days.length);
    range.to = Math.max(Number(last.value), range.from + 1);
    moved();
  };
  first.addEventListener("input", take);
  last.addEventListener("input", take);
  const presets = [...PRESETS.filter((span) => span < days.length), days.length].map((span) => make("button", {
    type: "button", class: "plain", "data-span": span,
    onclick: () => {
      Object.assign(range, { from: days.length - span, to: days.length });
      moved();
    },
  }));
  const said = make("strong", {});
  const count = make("span", { class: "count" });
  const category = make("select", {});
  const paint = () => {
    first.value = range.from;
    last.value = range.to;
    [...bars.children].forEach((bar, at) => bar.classList.toggle("in", at >= range.from && at < range.to));
    presets.forEach((button) => button.setAttribute("aria-pressed", String(range.to === days.length && range.to - range.from === Number(button.dataset.span))));
  };
  const name = ({ first: from, last: until, all }) => {
    first.setAttribute("aria-label", word("first_day"));
    first.setAttribute("aria-valuetext", from);
    last.setAttribute("aria-label", word("last_day"));
    last.setAttribute("aria-valuetext", until);
    category.setAttribute("aria-label", word("category"));
    for (const option of category.options) option.textContent = option.value ? categoryWord(option.value) : word("categories_all");
    for (const button of presets) {
      const span = Number(button.dataset.span);
      button.textContent = word(span === all ? "days_all" : "days_last", { days: number(span) });
    }
  };
  return {
    paint, name, said, count, category,
    head: make("div", { class: "window-head" }, said, count),
    rail: make("div", { class: "window-rail" }, bars, first, last),
    foot: make("div", { class: "window-foot" }, make("div", { class: "presets" }, presets), category),
  };
}

function handle(min, max, value) {
  return make("input", { type: "range", min, max, value, step: 1 });
}

function drawing(days) {
  const top = Math.max(...days, 1);
  return draw("svg", { class: "bars", viewBox: `0 0 ${days.length} 100`, preserveAspectRatio: "none", "aria-hidden": "true" },
    days.map((count, at) => draw("rect", { x: at + 0.12, width: 0.76, y: 100 - (count / top) * 96, height: (count / top) * 96 })));
}
