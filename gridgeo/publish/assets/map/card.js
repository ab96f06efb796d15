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
    if (!area.limits) return null;
    if (area.households < area.limits.low) return [words.below, "#1d4f80", "#dce9f5"];
    if (area.households > area.limits.high) return [words.above, "#8f2a10", "#fbe3d6"];
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
    if (area.limits) card.append(...gauge(area));
    card.append(officers(area, words), facts(area, data, state, numbers));
    if (area.neighbours.length) {
      card.append(make("h4", { text: words.neighbours }), chips(area.neighbours, state));
    }
    return card;
  };

  function count(area, words, numbers) {
    const row = make("div", { class: "gg-count" }, make("b", { text: numbers.whole(area.households) }), make("span", { text: words.households }));
    const verdict = gridgeo.verdict(area, words);
    if (verdict) row.append(make("em", { text: verdict[0], style: { color: verdict[1], background: verdict[2] } }));
    return row;
  }

  // The band on a scale of households, and where the area stands on it.
  function gauge(area) {
    const { low, high } = area.limits, end = Math.max(high * 1.5, area.households * 1.08), share = (value) => (100 * value) / end + "%";
    return [
      make("div", { class: "gg-gauge" },
        make("i", { style: { left: share(low), width: share(high - low) } }),
        make("b", { style: { left: share(area.households) } })),
      make("div", { class: "gg-gauge-ends" },
        make("span", { text: low, style: { left: share(low) } }), make("span", { text: high, style: { left: share(high) } })),
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
    if (area.persons) rows.push([words.persons, numbers.whole(area.persons)]);
    rows.push([words.area, numbers.size(area.area_m2, words)]);
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
