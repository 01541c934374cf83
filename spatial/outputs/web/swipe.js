/* The swipe: one picture of the map left of a line, another right of it. Two views, two versions, or single layers. */
"use strict";

(function (kit) {
  const STEP = 0.02;
  const LEAST = 0.02;

  Object.assign(kit.words, {
    swipe: { zh: "卷帘对比", en: "Swipe to compare" },
    swipeLine: { zh: "卷帘位置", en: "Position of the swipe" },
    leftSide: { zh: "左侧", en: "Left side" },
    rightSide: { zh: "右侧", en: "Right side" },
    singles: { zh: "单个图层", en: "Single layers" },
    end: { zh: "结束对比", en: "End" },
  });

  /* What a side can show: views, views of the second set, or one layer over what the base shows. */
  function listChoices(plan) {
    const { views, beside_views: beside } = plan.config;
    const base = [...plan.layers.values()].filter((layer) => layer.group === "base" && layer.visible).map((layer) => layer.key);
    const singles = [...plan.layers.values()].filter((layer) => layer.group !== "base").map((layer) =>
      ({ key: "layer:" + layer.key, title: layer.title, layers: [...new Set([...base, layer.key])] }));
    return [
      { title: kit.words.views, choices: views },
      { title: plan.config.groups.find(({ key }) => key === "beside")?.title, choices: beside },
      { title: kit.words.singles, choices: singles },
    ].filter(({ choices }) => choices.length);
  }

  class Swipe {
    constructor(plan) {
      this.plan = plan;
      this.groups = listChoices(plan);
      this.choices = new Map(this.groups.flatMap(({ choices }) => choices).map((one) => [one.key, one]));
      this.on = false;
      this.share = 0.5;
      const hits = plan.hits.bind(plan);
      plan.hits = (position) => hits(position).filter(({ layer }) => this._sees(layer.key, position));
      plan.map.on("move zoom zoomend moveend resize", () => this.draw());
    }

    /* The pair that says most at first: what is shown now against its twin in the second set, or another view. */
    suggest() {
      const keys = [...this.choices.keys()];
      const now = this.plan.config.views.find(({ layers }) => this._isShown(layers))?.key || keys[0];
      const twin = "beside_" + now;
      const other = this.choices.has(twin) ? twin : keys.find((key) => key !== now);
      return [now, other];
    }

    _isShown(layers) {
      const shown = [...this.plan.layers.values()].filter((layer) => layer.visible);
      return shown.length === layers.length && shown.every(({ key }) => layers.includes(key));
    }

    begin(left, right, share = this._middle()) {
      if (!this.on) this.before = [...this.plan.layers.keys()].filter((key) => this.plan.isShown(key));
      this.on = true;
      this.left = left;
      this.right = right;
      this.share = share;
      const sides = [left, right].map((key) => new Set(this.choices.get(key).layers));
      this.sides = new Map([...this.plan.layers.keys()].map((key) => [key, sides.map((side) => side.has(key))]));
      this._show(new Set([...sides[0], ...sides[1]]));
    }

    end() {
      if (!this.on) return;
      this.on = false;
      this._show(new Set(this.before));
    }

    _show(wanted) {
      for (const layer of this.plan.layers.values()) layer.setVisible(wanted.has(layer.key));
      this.plan.map.closePopup();
      // Line and names of the sides stand before the labels of the map are placed round them.
      this.box.hidden = !this.on;
      this.plan.map.getContainer().classList.toggle("plan-swiping", this.on);
      this.draw();
      this.plan.refresh();
    }

    /* The middle of what panel and edge leave free. */
    _middle() {
      return this._most() / 2;
    }

    _most() {
      const wide = this.plan.map.getSize().x;
      const panel = this.plan.map.getContainer().querySelector(".plan-panel");
      return wide > 760 ? Math.max(0.5, (wide - panel.offsetWidth - 40) / wide) : 1 - LEAST;
    }

    move(share) {
      this.share = Math.max(LEAST, Math.min(this._most(), share));
      this.draw();
      if (!this.waiting) {
        this.waiting = window.requestAnimationFrame(() => {
          this.waiting = null;
          this.plan.labels.draw();
        });
      }
      this.plan.map.fire("planstate");
    }

    /* "left", "right" or "both": where a layer is drawn. A layer switched on by hand is drawn on both sides. */
    sideOf(key) {
      const [left, right] = (this.on && this.sides.get(key)) || [true, true];
      return left === right ? "both" : left ? "left" : "right";
    }

    _sees(key, position) {
      const side = this.sideOf(key);
      const { x } = this.plan.map.latLngToContainerPoint(position);
      return side === "both" || (side === "left") === x < this.share * this.plan.map.getSize().x;
    }

    /* The part of a box of layer pixels [left, top, right, bottom] in which a layer is drawn. */
    narrow(key, [left, top, right, bottom]) {
      const line = left + this.share * (right - left);
      return { both: [left, top, right, bottom], left: [left, top, line, bottom], right: [line, top, right, bottom] }[this.sideOf(key)];
    }

    draw() {
      const { map } = this.plan;
      const [{ x, y }, size] = [map.containerPointToLayerPoint([0, 0]), map.getSize()];
      for (const key of this.plan.layers.keys()) {
        const pane = map.getPane("plan-" + key);
        if (!this.on || this.sideOf(key) === "both") {
          pane.style.clipPath = "";
          continue;
        }
        const [left, top, right, bottom] = this.narrow(key, [x, y, x + size.x, y + size.y]);
        pane.style.clipPath = `polygon(${left}px ${top}px, ${right}px ${top}px, ${right}px ${bottom}px, ${left}px ${bottom}px)`;
      }
      map.getContainer().style.setProperty("--swipe", 100 * this.share + "%");
    }
  }

  /* One side's name on the map, which is the list to choose it from. */
  function sidePicker(plan, swipe, side) {
    const list = kit.node("select", { class: "plan-side plan-side-" + side, change: () => {
      const [left, right] = side === "left" ? [list.value, swipe.right] : [swipe.left, list.value];
      swipe.begin(left, right, swipe.share);
    } });
    plan.onChange(() => {
      list.setAttribute("aria-label", plan.word(side + "Side"));
      list.replaceChildren(...swipe.groups.map(({ title, choices }) =>
        kit.node("optgroup", { label: plan.say(title) }, choices.map((one) => kit.node("option", { value: one.key }, plan.say(one.title))))));
      if (swipe.on) list.value = swipe[side];
    });
    return list;
  }

  function handleOf(plan, swipe) {
    const knob = kit.node("button", { type: "button", class: "plan-knob", role: "slider", "aria-valuemin": 0, "aria-valuemax": 100, "aria-orientation": "horizontal" },
      kit.icon("M7 5L3 10L7 15M13 5L17 10L13 15"));
    const toShare = (event) => (event.clientX - plan.map.getContainer().getBoundingClientRect().left) / plan.map.getSize().x;
    knob.addEventListener("pointerdown", (event) => { knob.setPointerCapture(event.pointerId); });
    knob.addEventListener("pointermove", (event) => { if (knob.hasPointerCapture(event.pointerId)) swipe.move(toShare(event)); });
    knob.addEventListener("keydown", (event) => {
      const next = { ArrowLeft: swipe.share - STEP, ArrowRight: swipe.share + STEP, Home: 0, End: 1 }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      swipe.move(next);
    });
    const tell = () => knob.setAttribute("aria-valuenow", String(Math.round(100 * swipe.share)));
    plan.map.on("planstate", tell);
    plan.onChange(() => {
      tell();
      knob.setAttribute("aria-label", plan.word("swipeLine"));
    });
    return knob;
  }

  kit.addSwipe = function (plan) {
    const swipe = new Swipe(plan);
    plan.swipe = swipe;
    const end = kit.node("button", { type: "button", class: "plan-swipe-end", click: () => swipe.end() }, kit.icon("M5 5L15 15M15 5L5 15"));
    const parts = [
      kit.node("div", { class: "plan-swipe-line" }), handleOf(plan, swipe),
      sidePicker(plan, swipe, "left"), kit.node("div", { class: "plan-right-box" }, sidePicker(plan, swipe, "right"), end),
    ];
    const box = kit.node("div", { class: "plan-swipe", role: "group", hidden: true }, parts);
    swipe.box = box;
    parts.forEach((part) => kit.shield(plan, part));
    plan.onChange(() => {
      box.setAttribute("aria-label", plan.word("swipe"));
      end.title = plan.word("end");
      end.setAttribute("aria-label", plan.word("end"));
    });
    plan.map.getContainer().append(box);
    plan.closers.push({ rank: 2, close: () => swipe.on && (swipe.end(), true) });
  };

  kit.additions.push(kit.addSwipe);
})(SpatialMap);
