// Fills the card of an area, and of a finding.
(function (gridgeo) {
  "use strict";
  const make = gridgeo.element;

  gridgeo.numbers = (language) => ({
    whole: (value) => Math.round(value).toLocaleString(language === "zh" ? "zh-CN" : "en"),
    size(area_m2, words) {
      const [value, unit] = area_m2 >= 1e6 ? [area_m2 / 1e6, words.km2] : [area_m2 / 1e4, words.ha];
      return value.toLocaleString(language === "zh" ? "zh-CN" : "en", { maximumFractionDigits: value < 10 ? 2 : 1 }) + " " + unit;
    },
  });

  gridgeo.verdict = function (area, words) {
    if (area.exclusive) return [words.exclusive, "#5b4b82", "#e8e2f2"];
    if (area.side === undefined || area.side === null) return null;
    if (area.side < 0) return [words.below, "#1d4f80", "#dce9f5"];
    if (area.side > 0) return [words.above, "#8f2a10", "#fbe3d6"];
    return [words.within, "#22624f", "#dcefe6"];
  };

  gridgeo.areaCard = function (area, data, state) {
    const words = data.words, numbers = gridgeo.numbers(data.language);
    const card = make("div", { class: "gg-info" });
    card.append(
      make("p", { class: "gg-kicker", text: [area.words.one, area.code].filter(Boolean).join(" · ") }),
      make("h3", { text: area.name }),
      count(area, words, numbers),
    );
    if (area.limits) card.append(...gauge(area, numbers));
    card.append(officers(area, words), facts(area, data, state, numbers));
    if (area.neighbours.length) {
      card.append(make("h4", { text: words.neighbours }), chips(area.neighbours, state));
    }
    return card;
  };

  function count(area, words, numbers) {
    const [amount, unit] = area.measure ? [area.amount, area.measure_word] : [area.households, words.households];
    const row = make("div", { class: "gg-count" }, make("b", { text: numbers.whole(amount) }), make("span", { text: unit }));
    const verdict = gridgeo.verdict(area, words);
    if (verdict) row.append(make("em", { text: verdict[0], style: { color: verdict[1], background: verdict[2] } }));
    return row;
  }

  // The band on a scale of what it counts, and where the area stands on it; an end that no rule states is not drawn.
  function gauge(area, numbers) {
    const { low, high, target } = area.limits, end = Math.max((high ?? Math.max(target, low ?? 0)) * 1.5, area.amount * 1.08);
    const share = (value) => (100 * value) / end + "%", from = low ?? 0;
    const ends = low === null && high === null ? [target] : [low, high].filter((value) => value !== null);
    return [
      make("div", { class: "gg-gauge" },
        low === null && high === null ? null : make("i", { style: { left: share(from), width: share((high ?? end) - from) } }),
        make("b", { style: { left: share(area.amount) } })),
      make("div", { class: "gg-gauge-ends" }, ...ends.map((value) => make("span", { text: numbers.whole(value), style: { left: share(value) } }))),
    ];
  }

  function officers(area, words) {
    if (!area.officers.length) return make("ul", { class: "gg-officers" });
    return make("ul", { class: "gg-officers" }, ...area.officers.map(([name, role, phone]) =>
      make("li", {},
        make("i", { text: Array.from(name)[0] || "", "aria-hidden": "true" }),
        make("div", {}, make("b", { text: name }), make("span", { text: role })),
        phone ? make("em", { text: phone }) : null)));
  }

  function facts(area, data, state, numbers) {
    const words = data.words, rows = [];
    if (area.measure && area.measure !== "households") rows.push([words.households_fact, numbers.whole(area.households)]);
    if (area.persons && area.measure !== "persons") rows.push([words.persons, numbers.whole(area.persons)]);
    if (area.measure !== "area_m2") rows.push([words.area, numbers.size(area.area_m2, words)]);
    if (area.grids !== undefined && area.measure !== "grids") rows.push([words.grids, numbers.whole(area.grids)]);
    if (area.children.length) rows.push([area.children[0].words.many, numbers.whole(area.children.length)]);
    if (area.incidents !== undefined) rows.push([words.incidents, numbers.whole(area.incidents)]);
    if (data.officers && !area.officers.length) rows.push([words.officer, words.none]);
    const list = make("dl");
    for (const [term, value] of rows) list.append(make("dt", { text: term }), make("dd", { text: value }));
    if (area.parent) list.append(make("dt", { text: area.parent.words.one }), make("dd", {}, chips([area.parent], state, "flex-end")));
    return list;
  }

  function chips(areas, state, side = "flex-start") {
    return make("div", { class: "gg-chips", style: { justifyContent: side } }, ...areas.map((area) =>
      make("button", { type: "button", text: area.name, onclick: (event) => { event.stopPropagation(); state.goto(area); } })));
  }

  gridgeo.findingCard = function (finding, data) {
    return make("div", { class: "gg-info" },
      make("p", { class: "gg-kicker", text: finding.severity_word, style: { color: data.palette.severity[finding.severity] } }),
      make("h3", { text: finding.kind_word }), make("div", { text: finding.message }));
  };
})(window.gridgeo);
