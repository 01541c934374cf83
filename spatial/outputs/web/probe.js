/* What lies under the pointer: a tooltip of the upper layers, a popup of all of them. Text nodes only. */
"use strict";

(function (kit) {
  const TOOLTIP_ROWS = 4;
  const HALF_POPUP = 190;
  const HIGHLIGHT_PANE = 610;

  function classOf({ feature, layer }) {
    return layer.classes.find((one) => one.key === feature.class);
  }

  function labelOf(plan, item) {
    return item.layer.classed ? classOf(item).label : item.layer.title;
  }

  /* Swatch and name, or the class where there is no name; behind a name, what it is. */
  function headline(plan, item, kind = true) {
    const label = plan.say(labelOf(plan, item));
    const name = plan.say(kit.nameOf(item.feature)) || label;
    return [
      kit.swatch(classOf(item).style, classOf(item).shape),
      kit.node("strong", {}, name),
      kind && name !== label ? kit.node("span", { class: "plan-kind" }, label) : null,
    ];
  }

  function kindOf(plan, item) {
    const texts = [item.layer.title, labelOf(plan, item)].map((text) => plan.say(text));
    return [...new Set(texts)].join(" · ");
  }

  /* A value in words: coded values translated, numbers grouped, truth as yes or no. */
  function describe(plan, column, properties) {
    const value = properties[column.key];
    const twin = properties[column.key + "_en"];
    if (value === undefined && twin === undefined) return null;
    if (typeof value === "boolean") return plan.word(value ? "yes" : "no");
    if (typeof value === "number") return kit.number(value, Math.abs(value) >= 100 ? 1 : 3);
    const terms = plan.config.terms[column.key] || {};
    if (Object.hasOwn(terms, value)) return plan.say(terms[value]);
    return plan.say({ zh: value, en: twin || value });
  }

  function table(plan, item) {
    const rows = item.layer.columns
      .map((column) => [plan.say(column.title), describe(plan, column, item.feature.properties)])
      .filter(([, text]) => text !== null && text !== "");
    return kit.node("table", {},
      kit.node("tbody", {}, rows.map(([head, text]) =>
        kit.node("tr", {}, kit.node("th", { scope: "row" }, head), kit.node("td", {}, text)))));
  }

  function popupContent(plan, items) {
    const [first, ...others] = items;
    return kit.node("div", { class: "plan-popup" },
      kit.node("div", { class: "plan-headline" }, headline(plan, first, false)),
      kit.node("div", { class: "plan-layer" }, kindOf(plan, first)),
      table(plan, first),
      kit.reasonsOf(plan, first),
      others.length ? kit.node("div", { class: "plan-also" }, plan.word("alsoHere")) : null,
      others.map((item) =>
        kit.node("details", {},
          kit.node("summary", {}, headline(plan, item)),
          table(plan, item),
          kit.reasonsOf(plan, item))));
  }

  /* Open a popup about features at a position. */
  kit.openPopup = function (plan, items, position) {
    const title = plan.map.getContainer().querySelector(".plan-title");
    const panel = plan.map.getContainer().querySelector(".plan-panel");
    const wide = plan.map.getSize().x > 760;
    // Room round the popup, so that it does not open under title or panel.
    const under = plan.map.latLngToContainerPoint(position).x < title.offsetWidth + HALF_POPUP;
    const room = {
      autoPanPaddingTopLeft: [wide ? 64 : 8, under ? title.offsetHeight + 22 : 12],
      autoPanPaddingBottomRight: [wide ? panel.offsetWidth + 22 : 8, 12],
    };
    L.popup({ maxWidth: 320, maxHeight: 340, className: "plan-bubble", ...room })
      .setLatLng(position)
      .setContent(popupContent(plan, items))
      .openOn(plan.map);
  };

  /* Outline what the pointer is on; the same for all kinds of layers, in a pane of its own below the names. */
  function addHighlight(plan) {
    const pane = plan.map.createPane("highlight");
    pane.style.zIndex = HIGHLIGHT_PANE;
    pane.style.pointerEvents = "none";
    const options = { pane: "highlight", renderer: L.svg({ pane: "highlight", padding: 0.1 }), interactive: false };
    const look = { color: "#14324a", weight: 1.6, opacity: 0.85, fill: false };
    let shown = null;
    let group = null;
    return function (item) {
      const next = item && item.feature.geometry ? item : null;
      if (next && shown && next.layer === shown.layer && next.index === shown.index) return;
      if (group) group.remove();
      shown = next;
      group = null;
      if (!next) return;
      const radius = next.layer.classOf(next.index).style.radius + 4;
      const pointToLayer = (_, position) => L.circleMarker(position, { ...options, radius });
      group = L.geoJson(next.feature.geometry, { ...options, style: look, pointToLayer }).addTo(plan.map);
    };
  }

  kit.addProbe = function (plan) {
    const { map } = plan;
    const highlight = addHighlight(plan);
    const tooltip = L.tooltip({ className: "plan-tooltip", direction: "right", offset: [14, 0], opacity: 1 });
    const quiet = window.matchMedia("(hover: none)").matches;
    let waiting = null;

    function showTooltip(position) {
      const items = plan.busy ? [] : plan.hits(position).filter((item) => item.layer.tooltip);
      highlight(items[0] || null);
      if (!items.length) {
        map.closeTooltip(tooltip);
        return;
      }
      const rows = items.slice(0, TOOLTIP_ROWS).map((item) => kit.node("div", { class: "plan-headline" }, headline(plan, item)));
      const right = map.latLngToContainerPoint(position).x > map.getSize().x / 2;
      tooltip.options.direction = right ? "left" : "right";
      tooltip.options.offset = L.point(right ? -14 : 14, 0);
      tooltip.setContent(kit.node("div", {}, rows)).setLatLng(position);
      map.openTooltip(tooltip);
    }

    map.on("mousemove", (event) => {
      if (quiet) return;
      if (!waiting) {
        window.requestAnimationFrame(() => {
          if (waiting) showTooltip(waiting);
          waiting = null;
        });
      }
      waiting = event.latlng;
    });
    plan.hush = () => {
      waiting = null;
      highlight(null);
      map.closeTooltip(tooltip);
    };
    map.on("mouseout movestart click", plan.hush);
    map.on("click", (event) => {
      if (plan.busy) return;
      const items = plan.hits(event.latlng);
      // Layers that only frame the others come last, so that the popup opens with what was meant.
      items.sort((one, other) => Number(other.layer.tooltip) - Number(one.layer.tooltip));
      if (items.length) kit.openPopup(plan, items, event.latlng);
    });
  };
})(SpatialMap);
