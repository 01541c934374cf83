/* Search over all names of the map, in both languages, by mouse or keyboard; and the way to what it found. */
"use strict";

(function (kit) {
  const MOST_RESULTS = 12;
  const NARROW = 640;

  Object.assign(kit.words, {
    search: { zh: "搜索地名、要素", en: "Search names" },
    nothing: { zh: "没有找到", en: "Nothing found" },
    found: { zh: "搜索结果", en: "Results" },
  });

  kit.addSearch = function (plan, body) {
    const input = kit.node("input", {
      type: "search", autocomplete: "off", role: "combobox", "aria-expanded": "false", "aria-controls": "plan-results", "aria-autocomplete": "list",
    });
    const list = kit.node("ul", { id: "plan-results", class: "plan-results", role: "listbox", hidden: true });
    let chosen = 0;
    let found = [];

    function close() {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function open({ items }) {
      close();
      if (items.length === 1) kit.goTo(plan, items[0]);
      else kit.goToAll(plan, items);
    }

    function option(row, at) {
      const name = plan.say(row.name) + (row.items.length > 1 ? ` × ${row.items.length}` : "");
      const choose = (event) => { event.preventDefault(); open(row); };
      return kit.node("li", { role: "option", id: "plan-result-" + at, "aria-selected": String(at === chosen), mousedown: choose },
        name, kit.node("span", { class: "plan-kind" }, plan.say(row.layer.title)));
    }

    function render() {
      list.replaceChildren(...(found.length ? found.map(option) : [kit.node("li", { class: "plan-hint" }, plan.word("nothing"))]));
      if (!input.value.trim()) return close();
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      if (found.length) input.setAttribute("aria-activedescendant", "plan-result-" + chosen);
      else input.removeAttribute("aria-activedescendant");
      list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
    }

    function seek() {
      found = plan.search(input.value, MOST_RESULTS);
      chosen = 0;
      render();
    }

    function press(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && found.length) {
        event.preventDefault();
        if (list.hidden) return render();
        chosen = (chosen + step + found.length) % found.length;
        render();
      } else if (event.key === "Enter" && found.length && !list.hidden) open(found[chosen]);
      else if (event.key === "Escape" && !list.hidden) {
        event.stopPropagation();
        event.preventDefault();
        close();
      }
    }

    input.addEventListener("input", seek);
    input.addEventListener("focus", seek);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", press);
    plan.onChange(() => {
      input.placeholder = plan.word("search");
      input.setAttribute("aria-label", plan.word("search"));
      list.setAttribute("aria-label", plan.word("found"));
    });
    body.append(kit.node("div", { class: "plan-search", role: "search" }, input, list));
  };

  /* Show a feature's layer, go there and open its popup. */
  kit.goTo = function (plan, item) {
    if (!plan.isShown(item.layer.key)) plan.toggle(item.layer.key, true);
    const [west, south, east, north] = item.bounds;
    const { anchors } = item.feature;
    const [x, y] = anchors ? anchors[0] : [(west + east) / 2, (south + north) / 2];
    if (window.innerWidth < NARROW) plan.collapse(true);
    plan.fitTo(item.bounds, false);
    kit.openPopup(plan, [item], [y, x]);
  };

  /* Show a layer and all of it that bears one name. */
  kit.goToAll = function (plan, items) {
    const [{ layer }] = items;
    if (!plan.isShown(layer.key)) plan.toggle(layer.key, true);
    if (window.innerWidth < NARROW) plan.collapse(true);
    const edge = (side, pick) => items.reduce((most, { bounds }) => pick(most, bounds[side]), items[0].bounds[side]);
    plan.map.closePopup();
    plan.fitTo([edge(0, Math.min), edge(1, Math.min), edge(2, Math.max), edge(3, Math.max)], false);
  };
})(SpatialMap);
