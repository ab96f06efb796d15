// Puts the map together: state, layers, panel.
(function (gridgeo) {
  "use strict";

  gridgeo.start = function (map, data) {
    const decode = gridgeo.decoder(data.frame), levels = gridgeo.readLevels(data, decode);
    const numbers = gridgeo.numbers(data.language);
    const state = {
      level: data.shown, mode: "size", heat: false, findings: true, names: true, streets: true,
      tips: (area) => gridgeo.element("div", { text: area.name }, gridgeo.element("span", { text: area.measure ? numbers.whole(area.amount) + " " + area.measure_word : numbers.whole(area.households) + " " + data.words.households })),
    };
    map.attributionControl.setPrefix(false);
    if (data.attribution) map.attributionControl.addAttribution(gridgeo.element("span", { text: data.attribution }).outerHTML);
    L.control.zoom({ position: "bottomright", zoomInTitle: data.words.zoom_in, zoomOutTitle: data.words.zoom_out }).addTo(map);
    L.control.scale({ imperial: false, position: "bottomright", maxWidth: 120 }).addTo(map);

    const labels = map.createPane("labels");
    labels.style.zIndex = 600;
    labels.style.pointerEvents = "none";
    gridgeo.addGround(map, data, decode);
    const areas = gridgeo.addAreas(map, levels, data, state);
    const findings = gridgeo.addFindings(map, data, decode);
    const heat = data.heat && gridgeo.heatLayer(map, data.heat, data.frame, data.palette.heat);
    const writing = gridgeo.labelLayer(levels, data.streets, decode, state);
    const drawPanel = gridgeo.addPanel(map, levels, data, state);

    const wide = () => map.getSize().x > 760;
    state.open = (area, at) => {
      L.popup({ className: "gg-card", minWidth: 292, maxWidth: 292, autoPanPaddingTopLeft: wide() ? [336, 16] : [12, 96], autoPanPaddingBottomRight: [16, 16] })
        .setLatLng(at).setContent(gridgeo.areaCard(area, data, state)).openOn(map).on("remove", () => areas.select(null));
      areas.select(area); // after the card before it has closed and taken its outline along
    };
    state.goto = (area) => {
      if (area.level !== state.level && area.level !== "community") state.change({ level: area.level });
      map.closePopup();
      map.fitBounds(L.polygon(area.shape).getBounds(), { ...padding(), maxZoom: 16.5, animate: false });
      state.open(area, area.anchor);
    };
    state.change = (values) => {
      Object.assign(state, values);
      if ("level" in values || "mode" in values) areas.draw();
      if ("level" in values) map.closePopup();
      show(heat, state.heat);
      show(findings, state.findings);
      map.getContainer().classList.toggle("gg-heat-on", Boolean(heat && state.heat));
      drawPanel();
      writing.redraw();
    };
    const show = (layer, on) => { if (layer) { if (on) layer.addTo(map); else layer.remove(); } };
    const padding = () => ({ paddingTopLeft: wide() ? [344, 24] : [16, 100], paddingBottomRight: [24, 24] });

    const snap = map.options.zoomSnap;
    map.options.zoomSnap = 0.02; // the town fills the page when it opens
    map.fitBounds(data.bounds, { ...padding(), animate: false });
    map.options.zoomSnap = snap;
    map.setMinZoom(Math.floor(map.getZoom()) - 2);
    map.setMaxBounds(L.latLngBounds(data.bounds).pad(1.5));
    areas.draw();
    writing.addTo(map);
    state.change({});
    map.getContainer().setAttribute("role", "region");
    map.getContainer().setAttribute("aria-label", data.title);
    gridgeo.ready = true;
  };
})(window.gridgeo);
