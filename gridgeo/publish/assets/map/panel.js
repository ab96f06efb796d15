// Builds the panel: title, figures, search, what is shown, and the legend.
(function (gridgeo) {
  "use strict";
  const make = gridgeo.element;

  gridgeo.addPanel = function (map, levels, data, state) {
    const words = data.words, legend = make("div", { class: "gg-legend" });
    const body = make("div", { class: "gg-body", id: "gg-body" });
    const panel = make("section", { class: "gg-panel", "aria-label": words.panel });
    const fold = make("button", { class: "gg-fold", type: "button", "aria-label": words.fold, "aria-controls": "gg-body",
      onclick: () => setFolded(panel.dataset.folded !== "true") }, gridgeo.icon("M4 10l4-4 4 4"));
    function setFolded(folded) {
      panel.dataset.folded = folded;
      fold.setAttribute("aria-expanded", String(!folded));
    }
    const head = make("header", { class: "gg-head" }, make("h1", { class: "gg-title", text: data.title }),
      data.subtitle ? make("p", { class: "gg-subtitle", text: data.subtitle }) : null);
    body.append(
      make("div", { class: "gg-figures" }, ...data.figures.map(([value, label]) =>
        make("div", { class: "gg-figure" }, make("b", { text: value }), make("span", { text: label })))),
      search(levels, data, state), choices(levels, data, state), make("hr", { class: "gg-rule" }), legend,
      make("hr", { class: "gg-rule" }), switches(data, state),
    );
    panel.append(head, fold, body);
    setFolded(map.getSize().x < 640); // on a telephone the map comes first
    map.getContainer().append(panel);
    L.DomEvent.disableClickPropagation(panel).disableScrollPropagation(panel);
    return () => {
      body.querySelectorAll(".gg-segments button").forEach((button) => button.setAttribute("aria-pressed", String(state[button.name] === button.value)));
      legend.replaceChildren(...gridgeo.legend(levels, data, state));
    };
  };

  function segments(label, name, options, state) {
    const buttons = options.map(([value, text]) => make("button", { type: "button", text, name, value, onclick: () => state.change({ [name]: value }) }));
    return make("div", { class: "gg-row" }, make("span", { text: label }), make("div", { class: "gg-segments", role: "group", "aria-label": label }, ...buttons));
  }

  function choices(levels, data, state) {
    const words = data.words, drawn = levels.filter((level) => level.level !== "community"), box = make("div");
    if (drawn.length > 1) box.append(segments(words.show, "level", drawn.map((level) => [level.level, level.words.many]), state));
    box.append(segments(words.colour, "mode", [["size", words.by_size], ["areas", words.by_area]], state));
    return box;
  }

  function toggle(text, count, on, change) {
    const input = make("input", { type: "checkbox", role: "switch", onchange: () => change(input.checked) });
    input.checked = on;
    return make("label", { class: "gg-switch" }, input, make("i"), make("span", { text }), count ? make("small", { text: count }) : null);
  }

  function switches(data, state) {
    const words = data.words, numbers = gridgeo.numbers(data.language), box = make("div", { class: "gg-switches" });
    if (data.heat) box.append(toggle(words.heat, numbers.whole(data.heat.total), state.heat, (on) => state.change({ heat: on })));
    if (data.findings.length) box.append(toggle(words.findings, numbers.whole(data.findings.length), state.findings, (on) => state.change({ findings: on })));
    box.append(toggle(words.names, "", state.names, (on) => state.change({ names: on })));
    if (data.streets.some((street) => street.name)) box.append(toggle(words.street_names, "", state.streets, (on) => state.change({ streets: on })));
    return box;
  }

  function search(levels, data, state) {
    const words = data.words, list = make("ul", { role: "listbox", id: "gg-found", "aria-label": words.search }), note = make("p", { role: "status" });
    const input = make("input", { type: "search", placeholder: words.search, "aria-label": words.search, role: "combobox", "aria-expanded": "false",
      "aria-controls": "gg-found", "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false" });
    const everything = levels.flatMap((level) => level.areas.map((area) => ({ area, level, text: (area.name + " " + area.code).toLowerCase() })));
    let found = [], chosen = 0;
    note.hidden = true;
    function show() {
      list.replaceChildren(...found.map(({ area, level }, at) => make("li", { role: "option", id: "gg-found-" + at, "aria-selected": String(at === chosen), onclick: () => take(at) },
        document.createTextNode(area.name), make("span", { text: [level.words.one, area.code].filter(Boolean).join(" · ") }))));
      input.setAttribute("aria-expanded", String(found.length > 0));
      if (found.length) input.setAttribute("aria-activedescendant", "gg-found-" + chosen); else input.removeAttribute("aria-activedescendant");
    }
    function look() {
      const wanted = input.value.trim().toLowerCase();
      const rank = ({ text }) => (text.startsWith(wanted) ? 0 : 1);
      found = wanted ? everything.filter(({ text }) => text.includes(wanted)).sort((a, b) => rank(a) - rank(b)).slice(0, 7) : [];
      chosen = 0;
      note.hidden = !wanted || found.length > 0;
      note.textContent = note.hidden ? "" : words.nothing_found;
      show();
    }
    function take(at) {
      const { area } = found[at];
      input.value = area.name;
      found = [];
      show();
      state.goto(area);
    }
    input.addEventListener("input", look);
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { input.value = ""; look(); }
      if (!found.length) return;
      if (event.key === "Enter") take(chosen);
      else if (event.key === "ArrowDown") chosen = (chosen + 1) % found.length;
      else if (event.key === "ArrowUp") chosen = (chosen + found.length - 1) % found.length;
      else return;
      event.preventDefault();
      show();
    });
    return make("div", { class: "gg-search" }, gridgeo.icon("M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.6 10.6L14 14"), input, list, note);
  }
})(window.gridgeo);
