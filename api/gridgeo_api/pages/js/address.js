/** Keep what is shown in the page's address, so that a link opens the same view. */

import { change, hear, read } from "./state.js";

const LEVELS = ["community", "grid", "micro"];

/** Take level, colours and area from the address, then write them back as they change. */
export function startAddress() {
  const query = new URLSearchParams(location.search);
  const level = query.get("level");
  change({
    level: LEVELS.includes(level) ? level : "grid",
    colour: query.get("colour") === "band" ? "band" : "community",
    selected: query.get("area"),
    heat: query.get("heat") === "1",
  });
  hear(["level", "colour", "selected", "heat"], write);
}

function write() {
  const query = new URLSearchParams(location.search);
  put(query, "level", read("level") === "grid" ? null : read("level"));
  put(query, "colour", read("colour") === "band" ? "band" : null);
  put(query, "area", read("selected"));
  put(query, "heat", read("heat") ? "1" : null);
  const text = query.toString();
  history.replaceState(null, "", `${location.pathname}${text ? `?${text}` : ""}${location.hash}`);
}

function put(query, name, value) {
  if (value === null) query.delete(name);
  else query.set(name, value);
}
