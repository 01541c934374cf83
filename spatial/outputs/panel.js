/* The panel: legend and layer control in one, search, views, findings, what the map is. */
"use strict";

(function (kit) {
  const MOST_RESULTS = 12;

  /* Features of one name in one layer, such as the parts of a zone, are one row of the search. */
  function gather(items) {
    const rows = new Map();
    for (const item of items) {
      const { zh, en } = kit.nameOf(item.feature);
      const key = JSON.stringify([item.layer.key, zh, en]);
      if (!rows.has(key)) rows.set(key, []);
      rows.get(key).push(item);
    }
    return [...rows.values()];
  }

  /* Search over all names of the map, in both languages. */
  function addSearch(plan, body) {
    const input = kit.node("input", { type: "search", autocomplete: "off", role: "combobox", "aria-expanded": "false", "aria-controls": "plan-results" });
    const list = kit.node("ul", { id: "plan-results", class: "plan-results", role: "listbox", hidden: true });
    const items = [...plan.layers.values()].filter((layer) => layer.key !== "findings").flatMap((layer) => layer.features || []);
    const rowsOfAll = gather(items);
    let chosen = 0;
    let found = [];

    function open(row) {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      if (row.length === 1) kit.goTo(plan, row[0]);
      else kit.goToAll(plan, row);
    }

    function render() {
      const rows = found.map((row, at) =>
        kit.node("li", { role: "option", "aria-selected": String(at === chosen), mousedown: (event) => { event.preventDefault(); open(row); } },
          plan.say(kit.nameOf(row[0].feature)) + (row.length > 1 ? ` × ${row.length}` : ""),
          kit.node("span", { class: "plan-kind" }, plan.say(row[0].layer.title))));
      list.replaceChildren(...(rows.length ? rows : [kit.node("li", { class: "plan-hint" }, plan.word("nothing"))]));
      list.hidden = !input.value.trim();
      input.setAttribute("aria-expanded", String(!list.hidden));
    }

    function seek() {
      const asked = input.value.trim().toLowerCase();
      const rank = ([{ feature }]) => {
        const names = Object.values(kit.nameOf(feature)).map((name) => name.toLowerCase());
        return Math.min(...names.map((name) => (name === asked ? 0 : name.startsWith(asked) ? 1 : name.includes(asked) ? 2 : 9)));
      };
      found = asked ? rowsOfAll.map((row) => [rank(row), row]).filter(([worth]) => worth < 9)
        .sort(([one], [other]) => one - other).slice(0, MOST_RESULTS).map(([, row]) => row) : [];
      chosen = 0;
      render();
    }

    input.addEventListener("input", seek);
    input.addEventListener("focus", seek);
    input.addEventListener("blur", () => { list.hidden = true; });
    input.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && found.length) {
        event.preventDefault();
        chosen = (chosen + step + found.length) % found.length;
        render();
      } else if (event.key === "Enter" && found.length) open(found[chosen]);
      else if (event.key === "Escape") list.hidden = true;
    });
    plan.onChange(() => {
      input.placeholder = plan.word("search");
      input.setAttribute("aria-label", plan.word("search"));
    });
    body.append(kit.node("div", { class: "plan-search" }, input, list));
  }

  /* Show a feature's layer, go there and open its popup. */
  kit.goTo = function (plan, item) {
    if (!plan.isShown(item.layer.key)) plan.toggle(item.layer.key, true);
    const [west, south, east, north] = item.bounds;
    const [x, y] = item.feature.anchors ? item.feature.anchors[0] : [(west + east) / 2, (south + north) / 2];
    if (window.innerWidth < 640) plan.collapse(true);
    plan.fitTo(item.bounds, false);
    kit.openPopup(plan, [item], [y, x]);
  };

  /* Show a layer and all of it that bears one name. */
  kit.goToAll = function (plan, items) {
    const [{ layer }] = items;
    if (!plan.isShown(layer.key)) plan.toggle(layer.key, true);
    if (window.innerWidth < 640) plan.collapse(true);
    const edge = (side, pick) => items.reduce((most, { bounds }) => pick(most, bounds[side]), items[0].bounds[side]);
    plan.map.closePopup();
    plan.fitTo([edge(0, Math.min), edge(1, Math.min), edge(2, Math.max), edge(3, Math.max)], false);
  };

  function addViews(plan, body) {
    if (!plan.config.views.length) return;
    const buttons = plan.config.views.map(({ key, title, layers }) => {
      const button = kit.node("button", { type: "button", click: () => plan.view(key) });
      plan.onChange(() => {
        button.replaceChildren(plan.say(plan.language === "both" ? { zh: title.zh || title.en } : title));
        const shown = [...plan.layers.keys()].filter((name) => plan.isShown(name));
        const same = shown.length === layers.length && shown.every((name) => layers.includes(name));
        button.setAttribute("aria-pressed", String(same));
      });
      return button;
    });
    const bar = kit.node("div", { class: "plan-views", role: "group" }, buttons);
    plan.onChange(() => bar.setAttribute("aria-label", plan.word("views")));
    body.append(bar);
  }

  function measureOf(plan, { count, area_km2: area }) {
    return area ? `${count} · ${kit.number(area, area < 10 ? 2 : 1)} km²` : String(count);
  }

  function classRow(plan, one) {
    return kit.node("div", { class: "plan-class", "data-class": one.key },
      kit.swatch(one.style, one.shape),
      kit.node("span", { class: "plan-name" }, kit.phrase(one.label, plan.language)),
      kit.node("span", { class: "plan-count" }, measureOf(plan, one)));
  }

  function layerRow(plan, layer) {
    const box = kit.node("input", { type: "checkbox", change: () => plan.toggle(layer.key, box.checked) });
    const title = kit.node("span", { class: "plan-name" });
    const count = kit.node("span", { class: "plan-count" });
    const single = layer.classes.length === 1 && !layer.classed;
    const swatch = single ? kit.swatch(layer.classes[0].style, layer.classes[0].shape) : null;
    const classes = kit.node("div", { class: "plan-classes" });
    plan.onChange(() => {
      box.checked = plan.isShown(layer.key);
      title.replaceChildren(...kit.phrase(layer.title, plan.language));
      count.replaceChildren(single ? measureOf(plan, layer.classes[0]) : "");
      classes.replaceChildren(...(single ? [] : layer.classes.map((one) => classRow(plan, one))));
      row.classList.toggle("plan-off", !box.checked);
    });
    const row = kit.node("div", { class: "plan-layer-row", "data-layer": layer.key },
      kit.node("label", {}, box, swatch, title, count), classes);
    return row;
  }

  function addGroups(plan, body) {
    for (const group of plan.config.groups) {
      const layers = [...plan.layers.values()].filter((layer) => layer.group === group.key);
      const rows = layers.map((layer) => layerRow(plan, layer));
      if (group.key === "findings" && plan.config.findings.total) rows.push(findingsList(plan));
      if (!rows.length) continue;
      const heading = kit.node("summary", {});
      const part = kit.node("details", { class: "plan-group", open: true, "data-group": group.key }, heading, rows);
      plan.onChange(() => {
        heading.replaceChildren(...kit.phrase(group.title, plan.language));
        part.classList.toggle("plan-idle", !layers.some((layer) => plan.isShown(layer.key)));
      });
      body.append(part);
    }
  }

  /* All findings, also those without a place on the map; the others lead there. */
  function findingsList(plan) {
    const { findings } = plan.config;
    const heading = kit.node("summary", {});
    const list = kit.node("ul", { class: "plan-findings" });
    const places = new Map((plan.layers.get("findings")?.features || []).map((item) => [item.feature.id, item]));
    plan.onChange(() => {
      heading.replaceChildren(plan.word("list"), kit.node("span", { class: "plan-count" }, String(findings.total)));
      const rows = findings.items.map(({ severity, message, id }) => {
        const item = places.get(id);
        const text = plan.say(plan.language === "both" ? { zh: message.zh || message.en } : message);
        const inner = item ? kit.node("button", { type: "button", click: () => kit.goTo(plan, item) }, text) : text;
        return kit.node("li", { class: "plan-" + severity }, inner);
      });
      if (findings.total > findings.items.length) rows.push(kit.node("li", { class: "plan-hint" }, plan.word("more")));
      list.replaceChildren(...rows);
    });
    return kit.node("details", { class: "plan-list" }, heading, list);
  }

  function addAbout(plan, body) {
    const heading = kit.node("summary", {});
    const rows = kit.node("dl", {});
    const versions = kit.node("summary", {});
    const write = (facts) => facts.flatMap(([head, text]) => [kit.node("dt", {}, head), kit.node("dd", {}, text)]);
    const hashes = kit.node("details", { class: "plan-list" }, versions, kit.node("dl", {}, write(plan.config.provenance)));
    plan.onChange(() => {
      heading.replaceChildren(...kit.phrase(kit.words.about, plan.language));
      versions.replaceChildren(...kit.phrase(kit.words.versions, plan.language));
      rows.replaceChildren(...write(plan.config.about.map((fact) => fact.map((text) => plan.say(text)))));
    });
    body.append(kit.node("details", { class: "plan-group plan-about" }, heading, rows, plan.config.provenance.length && hashes));
  }

  function addLanguages(plan, head) {
    const names = { zh: "中", en: "EN", both: "中/EN" };
    const buttons = Object.entries(names).map(([language, name]) => {
      const button = kit.node("button", { type: "button", "data-language": language, click: () => plan.setLanguage(language) }, name);
      plan.onChange(() => button.setAttribute("aria-pressed", String(plan.language === language)));
      return button;
    });
    const bar = kit.node("div", { class: "plan-languages", role: "group" }, buttons);
    plan.onChange(() => bar.setAttribute("aria-label", plan.word("language")));
    head.append(bar);
  }

  kit.addPanel = function (plan) {
    const body = kit.node("div", { class: "plan-body", id: "plan-body" });
    const button = kit.node("button", { type: "button", class: "plan-fold", "aria-controls": "plan-body", click: () => plan.collapse(!body.hidden) });
    const head = kit.node("div", { class: "plan-head" }, button);
    const panel = kit.node("aside", { class: "plan-panel" }, head, body);
    plan.collapse = (folded) => {
      body.hidden = folded;
      button.setAttribute("aria-expanded", String(!folded));
      panel.classList.toggle("plan-folded", folded);
      if (plan.labels) plan.labels.draw();
    };
    addLanguages(plan, head);
    addSearch(plan, body);
    addViews(plan, body);
    addGroups(plan, body);
    addAbout(plan, body);
    plan.onChange(() => {
      button.replaceChildren(...kit.phrase(kit.words.legend, plan.language));
      panel.setAttribute("aria-label", plan.word("legend"));
    });
    plan.map.getContainer().append(kit.shield(plan, panel));
    plan.collapse(window.innerWidth < 640);
  };
})(SpatialMap);
