/** Start the page: language, state from the address, figures of the town, then the map and what stands around it. */

import { startAddress } from "./address.js";
import { startCard } from "./card.js";
import { startControls } from "./controls.js";
import { day, number, startLanguage, word } from "./language.js";
import { startLegend } from "./legend.js";
import { hush, say, tell } from "./notice.js";
import { ServiceError, ask } from "./service.js";
import { startSearch } from "./search.js";
import { change, hear, read } from "./state.js";
import { startWindow } from "./window.js";

const ASK_AGAIN_MS = 3000;

startLanguage();
startAddress();
start().catch(tell);

async function start() {
  const stats = await figures();
  change({ stats });
  if (!stats.levels[read("level")]) change({ level: Object.keys(stats.levels)[0] });
  title(stats);
  startControls(stats);
  startWindow(document.getElementById("window"), stats);
  startSearch();
  await drawMap(document.getElementById("map"), stats);
  document.getElementById("veil").classList.add("gone");
  document.body.classList.add("ready");
}

/** Ask for the town's figures until the service answers. */
async function figures() {
  for (;;) {
    try {
      const stats = await ask("/v1/stats");
      hush();
      return stats;
    } catch (error) {
      say(word(error instanceof ServiceError ? error.kind : "failed"), true);
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }
}

/** Draw the map with MapLibre, or, where the browser cannot, the simpler one. */
async function drawMap(container, stats) {
  const { canDraw, flyToBox, startMap } = await import("./map.js");
  if (!canDraw()) return drawSimply(container, stats);
  startLegend(document.getElementById("legend"), stats);
  const placed = location.hash.includes("map="); // the link names a place of its own
  let map = null;
  let shown = null;
  startCard(document.getElementById("card"), (feature) => {
    shown = feature;
    if (map && !read("place")) flyToBox(map, feature.bbox);
  });
  map = await startMap(container, stats);
  if (shown && !placed) flyToBox(map, shown.bbox);
}

async function drawSimply(container, stats) {
  const { startFallback } = await import("./fallback.js");
  document.getElementById("heat-switch").hidden = true;
  change({ heat: false });
  startLegend(document.getElementById("legend"), stats, true);
  startCard(document.getElementById("card"), () => {});
  await startFallback(container, stats);
  say(word("no_webgl"));
}

function title(stats) {
  const tell = () => {
    const name = document.documentElement.dataset.title || stats.title || word("town");
    document.title = `${name} · gridgeo`;
    document.getElementById("title").textContent = name;
    const { grid = stats.levels.community } = stats.levels;
    const since = stats.plan.valid_from ? word("plan_since", { day: day(stats.plan.valid_from) }) : "";
    document.getElementById("subtitle").textContent = since || `${number(grid.areas)} ${word("grid_many").toLowerCase()}`;
  };
  hear(["language"], tell);
  tell();
}
