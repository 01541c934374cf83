/* A slider for layers drawn by minutes: what is reached up to a time, by hand or played. */
"use strict";

(function (kit) {
  const STEP_MS = 900;
  const ICONS = { play: "M6 4L16 10L6 16Z", pause: "M6 4V16M14 4V16" };

  Object.assign(kit.words, {
    upTo: { zh: "时间上限", en: "Up to" },
    minutes: { zh: "分钟", en: "min" },
    play: { zh: "播放", en: "Play" },
    pause: { zh: "暂停", en: "Pause" },
  });

  /* Minutes of all features of a layer, not a number where one has none. */
  function minutesOf(layer) {
    if (layer.kind === "packed") {
      const column = layer.store.columns.get("time_min");
      return Array.from({ length: layer.count }, (_, index) => Number(column ? layer.store.cell(column, index) : NaN));
    }
    return layer.features.map(({ feature }) => Number(feature.properties.time_min));
  }

  /* Features of a layer by time. Those beyond the limit leave the map, the pointer and the names; order is kept. */
  class Timeline {
    constructor(plan, layer, minutes) {
      this.plan = plan;
      this.layer = layer;
      this.times = layer.times;
      this.minutes = minutes;
      this.at = this.times.length - 1;
      this.soonest = new Map();
      minutes.forEach((time, index) => {
        const { key } = layer.classOf(index);
        this.soonest.set(key, Math.min(time, this.soonest.get(key) ?? Infinity));
      });
      const within = layer.within.bind(layer);
      layer.within = (box) => within(box).filter(({ index }) => this.shows(index));
      if (layer.kind === "packed") layer.shows = (index) => this.shows(index);
      else this.paths = layer.leaflet.getLayers();
    }

    get limit() {
      return this.times[this.at];
    }

    shows(index) {
      return this.minutes[index] <= this.limit;
    }

    /* Whether all features of a class lie beyond the limit. */
    hidesClass(key) {
      return this.soonest.get(key) > this.limit;
    }

    /* Layers of the same times, such as circles by road and in a straight line, move together. */
    set(at) {
      const next = Math.max(0, Math.min(this.times.length - 1, at));
      if (next === this.at) return;
      const lines = [...this.plan.layers.values()].map(({ timeline }) => timeline).filter((line) => line && line.times.join() === this.times.join());
      lines.forEach((line) => line._show(next));
      this.plan.map.closePopup();
      this.plan.refresh();
    }

    _show(at) {
      this.at = at;
      const { leaflet } = this.layer;
      if (!this.paths) return leaflet.redraw();
      leaflet.clearLayers();
      return this.paths.filter((_, index) => this.shows(index)).forEach((path) => leaflet.addLayer(path));
    }

    /* Step on from the start, or from here, until the last time. */
    play() {
      if (this.playing) return this.stop();
      if (this.at === this.times.length - 1) this.set(0);
      this.playing = window.setInterval(() => {
        if (!this.layer.visible) return this.stop();
        this.set(this.at + 1);
        return this.at === this.times.length - 1 ? this.stop() : null;
      }, STEP_MS);
      return this.plan.refresh();
    }

    stop() {
      window.clearInterval(this.playing);
      this.playing = null;
      this.plan.refresh();
    }
  }

  /* The slider of a layer as a row of the panel, or nothing where the layer has no times. */
  kit.timeRow = function (plan, layer) {
    const minutes = layer.times ? minutesOf(layer) : [];
    if (!minutes.length || !minutes.every(Number.isFinite)) return null;
    const line = new Timeline(plan, layer, minutes);
    layer.timeline = line;
    const most = String(line.times.length - 1);
    const slider = kit.node("input", { type: "range", min: 0, max: most, step: 1, value: most, input: () => { if (line.playing) line.stop(); line.set(Number(slider.value)); } });
    const button = kit.node("button", { type: "button", class: "plan-play", click: () => line.play() });
    const told = kit.node("span", { class: "plan-count" });
    plan.onChange(() => {
      const text = `≤ ${kit.number(line.limit, 1)} ${kit.pick(kit.words.minutes, plan.language === "zh" ? "zh" : "en")}`;
      slider.value = String(line.at);
      slider.setAttribute("aria-label", `${plan.word("upTo")}: ${plan.say(layer.title)}`);
      slider.setAttribute("aria-valuetext", text);
      button.replaceChildren(kit.icon(line.playing ? ICONS.pause : ICONS.play));
      button.title = plan.word(line.playing ? "pause" : "play");
      button.setAttribute("aria-label", `${button.title}: ${plan.say(layer.title)}`);
      told.replaceChildren(text);
    });
    return kit.node("div", { class: "plan-time" }, button, slider, told);
  };
})(SpatialMap);
