/* The state of the map in its address: a copied link, or a page opened again, shows the same picture. */
"use strict";

(function (kit) {
  const WAIT_MS = 250;
  const LANGUAGES = ["zh", "en", "both"];

  const pairs = (text) => (text || "").split(",").map((one) => one.split(":")).filter((one) => one.length === 2);
  const shownOf = (plan) => [...plan.layers.keys()].filter((key) => plan.isShown(key));

  function describeLayers(plan) {
    if (plan.swipe?.on) {
      const { left, right, share } = plan.swipe;
      return ["swipe=" + [left, right, Math.round(100 * share)].join(",")];
    }
    const shown = shownOf(plan);
    const view = plan.config.views.find(({ layers }) => layers.length === shown.length && layers.every((key) => shown.includes(key)));
    return [view ? "view=" + view.key : "layers=" + shown.join(",")];
  }

  /* The state as it stands behind the # of the address: slugs and numbers only. */
  function write(plan) {
    const { map } = plan;
    const { lat, lng } = map.getCenter();
    const layers = [...plan.layers.values()];
    const faded = layers.filter(({ opacity }) => opacity !== 1).map(({ key, opacity }) => `${key}:${Math.round(100 * opacity)}`);
    const timed = layers.filter(({ timeline }) => timeline && timeline.at < timeline.times.length - 1).map(({ key, timeline }) => `${key}:${timeline.limit}`);
    return [
      `map=${Number(map.getZoom().toFixed(2))}/${lat.toFixed(6)}/${lng.toFixed(6)}`,
      ...describeLayers(plan),
      faded.length ? "opacity=" + faded.join(",") : null,
      timed.length ? "time=" + timed.join(",") : null,
      "lang=" + plan.language,
    ].filter(Boolean).join("&");
  }

  function restoreLayers(plan, asked) {
    const [left, right, share] = (asked.get("swipe") || "").split(",");
    const view = plan.config.views.find(({ key }) => key === asked.get("view"));
    plan.swipe?.end();
    if (plan.swipe?.choices.has(left) && plan.swipe.choices.has(right) && Number(share) >= 0 && Number(share) <= 100) {
      plan.swipe.begin(left, right, Number(share) / 100);
    } else if (view) plan.view(view.key);
    else if (asked.has("layers")) {
      const wanted = asked.get("layers").split(",");
      for (const layer of plan.layers.values()) layer.setVisible(wanted.includes(layer.key));
    }
  }

  /* Take from an address what it says and the map has; all else of it is passed over. */
  function restore(plan, text) {
    const asked = new URLSearchParams(text);
    const [zoom, lat, lng] = (asked.get("map") || "").split("/").map((one) => (one === "" ? NaN : Number(one)));
    if ([zoom, lat, lng].every(Number.isFinite) && Math.abs(lat) <= 85 && Math.abs(lng) <= 540) {
      plan.map.setView([lat, lng], Math.max(0, Math.min(plan.map.getMaxZoom(), zoom)), { animate: false });
    }
    restoreLayers(plan, asked);
    const faded = new Map(pairs(asked.get("opacity")));
    const timed = new Map(pairs(asked.get("time")));
    for (const layer of plan.layers.values()) {
      const share = Number(faded.get(layer.key) ?? 100) / 100;
      if (share >= 0 && share <= 1 && share !== layer.opacity) layer.setOpacity(share);
      if (!layer.timeline) continue;
      const at = layer.timeline.times.indexOf(Number(timed.get(layer.key)));
      layer.timeline.set(at < 0 ? layer.timeline.times.length - 1 : at);
    }
    if (LANGUAGES.includes(asked.get("lang"))) plan.setLanguage(asked.get("lang"));
    else plan.refresh();
  }

  kit.addPermalink = function (plan) {
    let waiting = null;
    let last = "";

    function save() {
      waiting = null;
      if (plan.printing) return;
      last = write(plan);
      try {
        window.history.replaceState(null, "", "#" + last);
      } catch {
        // A page inside another one may have no address of its own; the map works without.
      }
    }

    const later = () => { waiting = waiting || window.setTimeout(save, WAIT_MS); };
    const take = () => {
      const text = window.location.hash.slice(1);
      if (text && text !== last) restore(plan, text);
    };
    // After this the map is fitted to its territory for the first time; the address has the last word.
    queueMicrotask(() => {
      take();
      plan.map.on("moveend planstate", later);
      plan.onChange(later);
      window.addEventListener("hashchange", take);
    });
  };

  kit.additions.push(kit.addPermalink);
})(SpatialMap);
