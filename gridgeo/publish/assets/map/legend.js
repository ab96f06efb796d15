// Draws the legend: how many areas there are of each size, against the band.
(function (gridgeo) {
  "use strict";
  const make = gridgeo.element;

  gridgeo.legend = function (levels, data, state) {
    const level = levels.find((found) => found.level === state.level), parts = [];
    if (state.mode === "size" && level.classes) parts.push(...sizes(level, data));
    else parts.push(make("h2", { text: gridgeo.fill(data.words.legend_areas, { many: level.words.many }) }), swatches(data.palette.areas));
    parts.push(keys(levels, level, data, state));
    if (state.heat && data.heat) parts.push(...heat(data));
    return parts;
  };

  function sizes(level, data) {
    const words = data.words, { lows, colours, ends } = level.classes, { low, high } = level.limits;
    const counts = colours.map((_, at) => level.areas.filter((area) => area.size === at && area.amount && !area.exclusive).length);
    const most = Math.max(1, ...counts), inside = colours.length - ends[0] - ends[1];
    const place = (boundary) => (100 * boundary) / colours.length + "%";
    const ticks = lows.slice(1).map((value, at) => [value, at + 1]).filter(([value, at]) => at !== colours.length - ends[1] && value !== high);
    if (high !== null) ticks.push([high, colours.length - ends[1]]);
    const bracket = (text, share) => make("span", { text, style: { flex: String(share) } });
    return [
      make("h2", { text: level.sizes_title }),
      make("div", { class: "gg-bars" }, ...counts.map((count, at) => make("div", {
        style: { height: count ? Math.max(3, (30 * count) / most) + "px" : "0", background: count ? "#a9b4bd" : "transparent" },
        title: String(count) }, make("span", { text: count || "" })))),
      make("div", { class: "gg-strip" }, ...colours.map((colour) => make("i", { style: { background: colour } }))),
      make("div", { class: "gg-ticks" }, ...ticks.map(([value, at]) =>
        make(value === low || value === high ? "b" : "span", { text: value, style: { left: place(at), position: "absolute", transform: "translateX(-50%)" } }))),
      make("div", { class: "gg-brackets" }, ends[0] ? bracket(words.below, ends[0]) : null,
        bracket(low === null && high === null ? level.band : words.within, inside), ends[1] ? bracket(words.above, ends[1]) : null),
    ];
  }

  const swatches = (colours) => make("div", { class: "gg-strip" }, ...colours.map((colour) => make("i", { style: { background: colour } })));

  function keys(levels, level, data, state) {
    const words = data.words, box = make("div", { class: "gg-key" });
    const add = (text, kind, style) => box.append(make("span", {}, make("i", { class: kind, style }), document.createTextNode(text)));
    if (state.mode === "size") {
      if (level.areas.some((area) => area.exclusive)) add(words.exclusive, "", { background: data.palette.exclusive });
      if (level.areas.some((area) => !area.exclusive && !(area.measure ? area.amount : area.households))) add(words.no_households, "", { background: data.palette.empty });
    }
    if (levels[0].level === "community") add(levels[0].words.border, "line", {});
    const beat = levels.find((found) => found.level === "beat");
    if (beat) add(beat.words.border, "line", { borderColor: "#7a2f63", background: "#7a2f63" });
    for (const severity of ["error", "warning", "note"])
      if (state.findings && data.findings.some((finding) => finding.severity === severity)) add(words[severity], "dot", { borderColor: data.palette.severity[severity] });
    return box;
  }

  function heat(data) {
    const words = data.words;
    return [
      make("h2", { text: words.legend_heat, style: { marginTop: "14px" } }),
      make("div", { class: "gg-ramp", style: { background: `linear-gradient(90deg, #fff, ${data.palette.heat.join(", ")})` } }),
      make("div", { class: "gg-ends" }, make("span", { text: words.few }), make("span", { text: words.many_incidents })),
    ];
  }
})(window.gridgeo);
