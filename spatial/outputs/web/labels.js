/* Names on the map: beside points, in areas, along belts; those of higher priority first, none over another. */
"use strict";

(function (kit) {
  const FONT = '"Noto Sans SC", "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif';
  const SECOND = 0.78;
  const PAD = 2;
  const TWIN_DISTANCE = 70;
  const MOST_LETTERS = { wide: 32, narrow: 64 };
  const SCALES = [1, 0.84, 0.76];
  const ELBOW = 12;
  const STEEP = 1.5;
  const CELL = 64;
  const MOST_WISHES = 3000;
  const MANY = 400;
  const LEAST_PIXELS = 14;
  const CHINESE = /[\u2e80-\u9fff]/;

  const meter = document.createElement("canvas").getContext("2d");
  const widths = new Map();

  function widthOf(text, size, bold) {
    const font = `${bold ? 700 : 400} ${size}px ${FONT}`;
    const key = font + text;
    if (!widths.has(key)) {
      meter.font = font;
      widths.set(key, meter.measureText(text).width);
    }
    return widths.get(key);
  }

  const meets = (one, other) => one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];

  /* The point at a length along a polyline of pixels, and the direction there. */
  function walk(points, length) {
    for (let at = 1; at < points.length; at += 1) {
      const step = points[at].subtract(points[at - 1]);
      const long = Math.hypot(step.x, step.y);
      if (length <= long || at === points.length - 1) {
        const share = long ? Math.min(1, length / long) : 0;
        return { at: points[at - 1].add(step.multiplyBy(share)), turn: Math.atan2(step.y, step.x) };
      }
      length -= long;
    }
    return null;
  }

  function shorten(text) {
    const most = CHINESE.test(text) ? MOST_LETTERS.wide : MOST_LETTERS.narrow;
    return text.length > most ? text.slice(0, most - 1) + "…" : text;
  }

  const lengthOf = (points) => points.slice(1).reduce((sum, point, at) => sum + point.distanceTo(points[at]), 0);

  /* Boxes by the cells of a grid they touch, so that one box is held against its neighbours only. */
  class Taken {
    constructor() {
      this.cells = new Map();
    }

    _cells([left, top, right, bottom]) {
      const found = [];
      for (let x = Math.floor(left / CELL); x <= Math.floor(right / CELL); x += 1) {
        for (let y = Math.floor(top / CELL); y <= Math.floor(bottom / CELL); y += 1) found.push(`${x} ${y}`);
      }
      return found;
    }

    add(boxes) {
      for (const box of boxes) {
        for (const cell of this._cells(box)) {
          if (!this.cells.has(cell)) this.cells.set(cell, []);
          this.cells.get(cell).push(box);
        }
      }
    }

    near(box) {
      return this._cells(box).flatMap((cell) => this.cells.get(cell) || []);
    }
  }

  kit.Labels = class {
    constructor(plan) {
      this.plan = plan;
      const pane = plan.map.createPane("plan-labels");
      pane.style.zIndex = 620;
      pane.style.pointerEvents = "none";
      this.paths = kit.svg("defs");
      this.texts = kit.svg("g");
      this.svg = kit.svg("svg", { class: "plan-labels leaflet-zoom-hide", width: 1, height: 1 }, this.paths, this.texts);
      pane.append(this.svg);
      plan.map.on("moveend zoomend resize", () => this.draw());
      plan.onChange(() => this.draw());
    }

    draw() {
      const { map } = this.plan;
      const origin = map.containerPointToLayerPoint([0, 0]);
      const size = map.getSize();
      this.view = [origin.x, origin.y, origin.x + size.x, origin.y + size.y];
      this.symbols = this._symbols();
      this.taken = new Taken();
      this.taken.add([...this._furniture(origin), ...this.symbols]);
      this.placed = [];
      this.paths.replaceChildren();
      this.texts.replaceChildren();
      for (const wish of this._wishes()) this._place(wish);
      // The other language comes once all names stand in the first: it must not crowd any of them out.
      for (const label of this.placed) if (label.other) this._addSecond(label, label.other);
      for (const label of this.placed) this._draw(label);
    }

    /* Boxes of title, panel and buttons: names do not hide under them. */
    _furniture(origin) {
      const container = this.plan.map.getContainer();
      const frame = container.getBoundingClientRect();
      const parts = ".plan-title, .plan-panel, .plan-tools, .leaflet-control, .plan-side, .plan-knob";
      return [...container.querySelectorAll(parts)].map((part) => {
        const box = part.getBoundingClientRect();
        const [x, y] = [box.left - frame.left + origin.x, box.top - frame.top + origin.y];
        return [x, y, x + box.width, y + box.height];
      });
    }

    _shown() {
      return [...this.plan.layers.values()].filter((layer) => layer.visible && layer.opacity > 0);
    }

    /* Features of a layer in the view. */
    _inView(layer) {
      const bounds = this.plan.map.getBounds();
      return layer.within([bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()]);
    }

    /* Where very many stand in the view, only what is large enough on the screen to bear a name; points always are. */
    _large(layer) {
      const items = this._inView(layer);
      if (items.length <= MANY) return items;
      const least = LEAST_PIXELS / (this.plan.map.project([0, 1]).x - this.plan.map.project([0, 0]).x);
      const large = ([west, south, east, north]) => Math.max(east - west, north - south) >= least || (west === east && south === north);
      return items.filter(({ index }) => large(layer.bounds(index)));
    }

    /* The part of the view in which a layer's names may stand: its side of the swipe. */
    _viewOf(layer) {
      return this.plan.swipe?.on ? this.plan.swipe.narrow(layer.key, this.view) : this.view;
    }

    _pixel([x, y]) {
      return this.plan.map.latLngToLayerPoint([y, x]);
    }

    /* Boxes of point symbols: names stand beside them, not on them. */
    _symbols() {
      const boxes = [];
      for (const layer of this._shown()) {
        if (!layer.classes.some((one) => one.shape === "point")) continue;
        const view = this._viewOf(layer);
        const stood = layer.count > MOST_WISHES ? new Set() : null;
        for (const { index, feature } of this._inView(layer)) {
          if (feature.geometry?.type !== "Point") continue;
          const { x, y } = this._pixel(feature.geometry.coordinates);
          const half = layer.classOf(index).style.radius * 0.9;
          // Thousands of symbols lie on one another: one of each spot keeps names away as well as all.
          const spot = stood && ((x >> 3) << 16) ^ (y >> 3);
          if (stood && stood.has(spot)) continue;
          if (stood) stood.add(spot);
          const box = [x - half, y - half, x + half, y + half];
          if (meets(box, view)) boxes.push(box);
        }
      }
      return boxes;
    }

    _wishes() {
      const zoom = this.plan.map.getZoom();
      return this._shown()
        .filter((layer) => layer.label && zoom >= layer.label.min_zoom)
        .flatMap((layer) => thin(this._large(layer)).map((item) => ({ item, at: item.index, style: layer.label, view: this._viewOf(layer) })))
        .filter(({ item }) => item.feature.anchors && item.feature.label)
        .sort((one, other) => other.style.priority - one.style.priority || rankOf(one) - rankOf(other) || one.at - other.at);
    }

    _place(wish) {
      const { language } = this.plan;
      const { zh, en } = wish.item.feature.label;
      const text = shorten(language === "en" ? en || zh : zh || en);
      const other = language === "both" && zh && en && zh !== en ? shorten(en) : "";
      const { size, bold } = wish.style;
      if (this.placed.some((other) => other.text === text && near(other, this._pixel(wish.item.feature.anchors[0])))) return;
      const fits = SCALES.map((scale) => ({ ...wish, text, other, size: size * scale, wide: widthOf(text, size * scale, bold) }));
      // A road's or river's name lies along it or waits for a nearer view: across it, it would seem to name something else.
      const bound = wish.style.place === "along" && /LineString/.test(wish.item.feature.geometry.type);
      const label =
        fits.find((one) => this._along(one) || (!bound && !one.item.feature.spine && this._beside(one))) ||
        (bound ? null : fits.find((one) => this._beside(one)));
      if (!label) return;
      this.taken.add(label.boxes);
      this.placed.push(label);
    }

    _free(boxes, view) {
      return boxes.every((box) =>
        box[0] >= view[0] && box[1] >= view[1] && box[2] <= view[2] && box[3] <= view[3] &&
        this.taken.near(box).every((other) => !meets(box, other)));
    }

    _beside(label) {
      const high = label.size * 1.2;
      let best = null;
      for (const anchor of label.item.feature.anchors) {
        const { x, y } = this._pixel(anchor);
        for (const [left, top] of offsets(label, high)) {
          const box = [x + left - PAD, y + top, x + left + label.wide + PAD, y + top + high];
          if (!this._free([box], label.view)) continue;
          const crowded = this._crowd(box, x, y);
          if (best && crowded >= best.crowded) continue;
          const side = left >= 0 ? 1 : left <= -label.wide ? -1 : 0;
          best = { crowded, boxes: [box], side, at: L.point(x + left + label.wide / 2, y + top + high / 2) };
        }
      }
      if (best) Object.assign(label, best);
      return Boolean(best);
    }

    /* How many other symbols would lose room for their own names to a box beside (x, y). */
    _crowd(box, x, y) {
      // Among so many symbols every place is crowded; counting them for each would take seconds.
      if (this.symbols.length > MOST_WISHES) return 0;
      const wide = [box[0] - ELBOW, box[1] - ELBOW, box[2] + ELBOW, box[3] + ELBOW];
      return this.symbols.filter((symbol) => meets(symbol, wide) && !meets(symbol, [x - 1, y - 1, x + 1, y + 1])).length;
    }

    _along(label) {
      const spine = label.item.feature.spine;
      if (!spine) return false;
      const points = spine.map((position) => this._pixel(position));
      const run = points[points.length - 1].subtract(points[0]);
      // Along a steep line Chinese characters stand upright one below the other, as on paper maps.
      const upright = CHINESE.test(label.text) && Math.abs(run.y) > STEEP * Math.abs(run.x);
      if (upright ? run.y < 0 : run.x < 0) points.reverse();
      const long = lengthOf(points);
      const letters = Math.max(1, label.text.length - 1);
      // Chinese names are spread along a belt, as on paper maps; spread Latin letters are hard to read.
      const most = label.size * (CHINESE.test(label.text) ? 0.45 : 0.08);
      const spacing = Math.max(0, Math.min(most, (long * 0.7 - label.wide) / letters));
      const wide = label.wide + spacing * letters;
      if (wide > long * 0.96) return false;
      for (const middle of [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74]) {
        const from = long * middle - wide / 2;
        if (from < 0 || from + wide > long) continue;
        const boxes = boxesAlong(points, from, wide, label.size, 0);
        if (this._free(boxes, label.view)) {
          Object.assign(label, { boxes, points, spacing, upright, from, run: wide });
          return true;
        }
      }
      return false;
    }

    /* The English below the Chinese, where there is room once the Chinese stands. */
    _addSecond(label, text) {
      const size = label.size * SECOND;
      const wide = widthOf(text, size, false);
      let boxes;
      if (label.upright) return;
      if (label.points) {
        const from = label.from + (label.run - wide) / 2;
        if (from < 0 || from + wide > lengthOf(label.points)) return;
        boxes = boxesAlong(label.points, from, wide, size, (label.size + size) * 0.56);
      } else {
        const bottom = label.boxes[0][3];
        label.middle = label.at.x + (label.side * (wide - label.wide)) / 2;
        boxes = [[label.middle - wide / 2 - PAD, bottom, label.middle + wide / 2 + PAD, bottom + size * 1.15]];
      }
      if (!this._free(boxes, label.view)) return;
      label.second = { text, size };
      this.taken.add(boxes);
    }

    _draw(label) {
      const { style, size } = label;
      const look = { fill: style.colour, "font-size": size, "font-weight": style.bold ? 700 : 400 };
      if (label.upright) {
        [...label.text].forEach((letter, place, { length }) => {
          const { at } = walk(label.points, label.from + ((place + 0.5) * label.run) / length);
          this.texts.append(kit.svg("text", { ...look, x: at.x, y: at.y + size * 0.36, "text-anchor": "middle" }, letter));
        });
        return;
      }
      if (label.points) {
        this._drawAlong(label, look);
        return;
      }
      this.texts.append(kit.svg("text", { ...look, x: label.at.x, y: label.at.y + size * 0.36, "text-anchor": "middle" }, label.text));
      if (label.second) {
        const y = label.at.y + size * 0.6 + label.second.size * 0.95;
        const second = { ...look, "font-size": label.second.size, "font-weight": 400 };
        this.texts.append(kit.svg("text", { ...second, x: label.middle, y, "text-anchor": "middle", lang: "en" }, label.second.text));
      }
    }

    _drawAlong(label, look) {
      const id = "plan-spine-" + this.paths.childElementCount;
      this.paths.append(kit.svg("path", { id, d: "M" + label.points.map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L") }));
      const write = (text, more, down) =>
        this.texts.append(kit.svg("text", { ...look, ...more, dy: down, "text-anchor": "middle" },
          kit.svg("textPath", { href: "#" + id, startOffset: label.from + label.run / 2 }, text)));
      write(label.text, { "letter-spacing": label.spacing }, label.size * 0.36);
      if (label.second) {
        const second = { "font-size": label.second.size, "font-weight": 400, lang: "en" };
        write(label.second.text, second, (label.size + label.second.size) * 0.56 + label.second.size * 0.36);
      }
    }
  };

  /* So many names never fit: of very many features every so manieth is tried, and all once the view is narrow. */
  function thin(items) {
    const step = Math.ceil(items.length / MOST_WISHES);
    return step > 1 ? items.filter((_, at) => at % step === 0) : items;
  }

  const rankOf = ({ item }) => item.feature.properties.rank || 99;

  function near(label, point) {
    const at = label.points ? label.points[Math.floor(label.points.length / 2)] : label.at;
    return at.distanceTo(point) < TWIN_DISTANCE;
  }

  /* Where a name may stand: left and top edge of its box from the anchor. */
  function offsets(label, high) {
    const { wide, style, item } = label;
    const middle = -wide / 2;
    if (style.place !== "beside" || item.feature.geometry.type !== "Point") {
      return [0, -1, 1, -2, 2].map((lines) => [middle, -high / 2 + lines * high * 0.9]);
    }
    const radius = item.layer.classes.find((one) => one.key === item.feature.class).style.radius;
    const gap = radius + 4;
    const slant = radius * 0.7 + 2;
    return [
      [gap, -high / 2], [-gap - wide, -high / 2], [middle, gap - 1], [middle, -gap - high + 2],
      [slant, -slant - high + 2], [slant, slant - 2], [-slant - wide, -slant - high + 2], [-slant - wide, slant - 2],
    [-radius, gap - 1], [radius - wide, gap - 1], [-radius, -gap - high + 2], [radius - wide, -gap - high + 2],
    ];
  }

  /* Boxes along a stretch of a line, `down` pixels to its right. */
  function boxesAlong(points, from, wide, size, down) {
    const count = Math.max(1, Math.ceil(wide / size));
    return Array.from({ length: count }, (_, at) => {
      const { at: { x, y }, turn } = walk(points, from + ((at + 0.5) * wide) / count);
      const [cx, cy] = [x - Math.sin(turn) * down, y + Math.cos(turn) * down];
      const half = size * 0.6;
      return [cx - half, cy - half, cx + half, cy + half];
    });
  }
})(SpatialMap);
