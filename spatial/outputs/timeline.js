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

  const minutesOf = ({ properties }) => Number(properties.time_min);

  /* Paths of a layer by time. Those beyond the limit leave the map, the pointer and the names; order is kept. */
  class Timeline {
    constructor(plan, layer) {
      this.plan = plan;
      this.layer = layer;
      this.times = layer.times;
      this.paths = layer.leaflet.getLayers();
      this.at = this.times.length - 1;
      const within = layer.within.bind(layer);
      layer.within = (box) => within(box).filter(({ feature }) => !this.hides(feature));
    }

    get limit() {
      return this.times[this.at];
    }

    hides(feature) {
      return minutesOf(feature) > this.limit;
    }

    /* Whether all features of a class lie beyond the limit. */
    hidesClass(key) {
      return this.layer.features.every(({ feature }) => feature.class !== key || this.hides(feature));
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
      leaflet.clearLayers();
      this.paths.filter((path) => !this.hides(path.feature)).forEach((path) => leaflet.addLayer(path));
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
    const timed = layer.times && layer.kind !== "packed" && layer.features.every(({ feature }) => Number.isFinite(minutesOf(feature)));
    if (!timed) return null;
    const line = new Timeline(plan, layer);
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
