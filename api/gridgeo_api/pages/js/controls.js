/** The switches above the map: level, colours, heat. */

import { make } from "./dom.js";
import { word } from "./language.js";
import { LEVELS } from "./layers.js";
import { change, hear, read } from "./state.js";

/** Set the switches up. */
export function startControls(stats) {
  const levels = LEVELS.filter((level) => stats.levels[level]);
  choices(document.getElementById("levels"), "level", levels, (level) => word(`${level}_many`));
  choices(document.getElementById("colours"), "colour", ["community", "band"], (colour) => word(`by_${colour}`));
  heat(stats);
  drawer();
}

/** A row of which one is chosen: arrow keys move the choice, as in any group of radio buttons. */
function choices(row, key, values, name) {
  const buttons = values.map((value) => make("button", {
    type: "button", role: "radio", "data-value": value,
    onclick: () => change({ [key]: value }),
    onkeydown: (event) => step(event, values, key, row),
  }));
  const show = () => buttons.forEach((button) => {
    const chosen = button.dataset.value === read(key);
    button.textContent = name(button.dataset.value);
    button.setAttribute("aria-checked", String(chosen));
    button.tabIndex = chosen ? 0 : -1;
  });
  row.replaceChildren(...buttons);
  hear([key, "language"], show);
  show();
}

function step(event, values, key, row) {
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  const next = values[(values.indexOf(read(key)) + by + values.length) % values.length];
  change({ [key]: next });
  row.querySelector(`[data-value="${next}"]`).focus();
}

function heat(stats) {
  const box = document.getElementById("heat");
  document.getElementById("heat-switch").hidden = stats.incidents.count === 0;
  if (stats.incidents.count === 0) change({ heat: false });
  const show = () => {
    box.checked = read("heat");
  };
  hear(["heat"], show);
  show();
  box.addEventListener("change", () => change({ heat: box.checked }));
}

/** On a phone the switches lie in a drawer. */
function drawer() {
  const button = document.getElementById("layers-button");
  button.addEventListener("click", () => {
    const open = document.body.classList.toggle("layers-open");
    button.setAttribute("aria-expanded", String(open));
  });
}
