/* The panel: legend and layer control in one, with search, views, opacity, times, findings, what the map is. */
"use strict";

(function (kit) {
  const NARROW = 640;
  const FADE = "M10 3A7 7 0 0 0 10 17A7 7 0 0 0 10 3M10 3V17M10 6H16M10 10H17M10 14H16";

  Object.assign(kit.words, {
    opacity: { zh: "不透明度", en: "Opacity" },
    merged: { zh: "重叠部分只计一次", en: "overlaps counted once" },
    summed: { zh: "逐个相加", en: "summed one by one" },
    basemap: { zh: "底图", en: "Basemap" },
    online: { zh: "底图联网取自", en: "Tiles are asked of" },
  });

  function addViews(plan, body) {
    if (!plan.config.views.length) return;
    const buttons = plan.config.views.map(({ key, title, layers }) => {
      const button = kit.node("button", { type: "button", click: () => {
        plan.swipe?.end();
        plan.view(key);
        // What the view is about may stand far down in the legend.
        const own = [...body.querySelectorAll(".plan-layer-row")].find(({ dataset }) => dataset.layer === layers[0]);
        if (own) own.scrollIntoView({ block: "nearest" });
      } });
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

  const writeArea = (km2) => {
    if (km2 >= 1) return `${kit.number(km2, km2 < 10 ? 2 : 1)} km²`;
    return km2 >= 0.0001 ? `${kit.number(km2 * 100, km2 < 0.01 ? 2 : 1)} ha` : `${kit.number(km2 * 1e6, 1)} m²`;
  };
  const writeLength = (km) => (km >= 1 ? `${kit.number(km, km < 10 ? 2 : 1)} km` : `${kit.number(km * 1000, 0)} m`);

  /* How many, and how large or long, with the exact figure for who points at it. */
  function measureOf(plan, { count, area_km2: area, length_km: length, merged }) {
    const amount = area ? writeArea(area) : length ? writeLength(length) : null;
    const title = !amount ? null : length
      ? `${kit.number(length, 3)} km`
      : `${kit.number(area, 4)} km² = ${kit.number(area * 100, 2)} ha` + (count > 1 ? ` (${plan.word(merged ? "merged" : "summed")})` : "");
    return kit.node("span", { class: "plan-count", title }, [Number.isFinite(count) ? kit.number(count, 0) : null, amount].filter(Boolean).join(" · "));
  }

  function classRow(plan, layer, one) {
    const beyond = layer.timeline?.hidesClass(one.key);
    return kit.node("div", { class: "plan-class" + (beyond ? " plan-beyond" : ""), "data-class": one.key },
      kit.swatch(one.style, one.shape),
      kit.node("span", { class: "plan-name" }, kit.phrase(one.label, plan.language)),
      measureOf(plan, one));
  }

  /* The button that opens a layer's opacity, and the slider; names on the map stay as they are. */
  function opacityParts(plan, layer, row) {
    const told = kit.node("span", { class: "plan-count" });
    const write = () => {
      slider.value = String(Math.round(100 * layer.opacity));
      told.replaceChildren(slider.value + " %");
      row().style.setProperty("--opacity", layer.opacity);
      button.classList.toggle("plan-faded", layer.opacity < 1);
    };
    const slider = kit.node("input", { type: "range", min: 0, max: 100, step: 5, input: () => {
      layer.setOpacity(Number(slider.value) / 100);
      write();
      plan.map.fire("planstate");
    } });
    const line = kit.node("div", { class: "plan-opacity", id: "plan-opacity-" + layer.key, hidden: true }, slider, told);
    const button = kit.node("button", { type: "button", class: "plan-fade", "aria-expanded": "false", "aria-controls": line.id, click: () => {
      line.hidden = !line.hidden;
      button.setAttribute("aria-expanded", String(!line.hidden));
    } }, kit.icon(FADE));
    plan.onChange(() => {
      const title = `${plan.word("opacity")}: ${plan.say(layer.title)}`;
      button.title = title;
      button.setAttribute("aria-label", title);
      slider.setAttribute("aria-label", title);
      write();
    });
    return [button, line];
  }

  function layerRow(plan, layer) {
    const box = kit.node("input", { type: "checkbox", change: () => plan.toggle(layer.key, box.checked) });
    const title = kit.node("span", { class: "plan-name" });
    const count = kit.node("span", { class: "plan-count" });
    const single = layer.classes.length === 1 && !layer.classed;
    const swatch = single ? kit.swatch(layer.classes[0].style, layer.classes[0].shape) : null;
    const classes = kit.node("div", { class: "plan-classes" });
    const times = kit.timeRow(plan, layer);
    const note = layer.note ? kit.node("p", { class: "plan-hint plan-note" }) : null;
    const [fade, opacity] = opacityParts(plan, layer, () => row);
    plan.onChange(() => {
      box.checked = plan.isShown(layer.key);
      title.replaceChildren(...kit.phrase(layer.title, plan.language));
      count.replaceChildren(single ? measureOf(plan, layer.classes[0]) : "");
      classes.replaceChildren(...(single ? [] : layer.classes.map((one) => classRow(plan, layer, one))));
      note?.replaceChildren(plan.say(layer.note));
      row.classList.toggle("plan-off", !box.checked);
      row.dataset.side = plan.swipe ? plan.swipe.sideOf(layer.key) : "both";
    });
    const row = kit.node("div", { class: "plan-layer-row", "data-layer": layer.key },
      kit.node("div", { class: "plan-layer-head" }, kit.node("label", {}, box, swatch, title, count), fade), opacity, classes, note, times);
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

  /* What a map with tiles must say: that it asks for them, of whom, and what is wrong with them. */
  function addBasemap(plan, body) {
    const { basemap } = plan.config;
    if (!basemap) return;
    const note = kit.node("p", { class: "plan-basemap plan-hint" });
    plan.onChange(() => note.replaceChildren(
      kit.node("strong", {}, `${plan.word("basemap")} ${basemap.credit} `), plan.say(basemap.warning), ` ${plan.word("online")} ${basemap.hosts.join(", ")}`));
    body.append(note);
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
    kit.addSearch(plan, body);
    addViews(plan, body);
    addGroups(plan, body);
    addBasemap(plan, body);
    addAbout(plan, body);
    plan.onChange(() => {
      button.replaceChildren(...kit.phrase(kit.words.legend, plan.language));
      panel.setAttribute("aria-label", plan.word("legend"));
    });
    plan.map.getContainer().append(kit.shield(plan, panel));
    plan.collapse(window.innerWidth < NARROW);
    plan.closers.push({ rank: 1, close: () => window.innerWidth < NARROW && !body.hidden && (plan.collapse(true), button.focus(), true) });
  };
})(SpatialMap);
