/* Packed layers on a canvas: features one by one in their order, looking as the plain layers' paths do. */
"use strict";

(function (kit) {
  const HALO = 5;
  const HALO_SHARE = 0.8;
  const THIN = 1.5;
  const SPECK = 4;
  const HATCHED = 0.2;
  const FAR = 1e6;
  const PRINTED = 3;
  const SPARE = 24;
  const POINT = 0, LINE = 1, SHELL = 2;

  /* A hatch as a canvas pattern, standing where the SVG one stands. */
  function hatchOf(context, style, ratio) {
    const { gap, stripes, turn, colour } = kit.hatch(style);
    const tile = document.createElement("canvas");
    tile.width = tile.height = Math.round(gap * ratio);
    const brush = tile.getContext("2d");
    brush.scale(tile.width / gap, tile.width / gap);
    if (style.fill) {
      brush.globalAlpha = style.fill_opacity;
      brush.fillStyle = style.fill;
      brush.fillRect(0, 0, gap, gap);
      brush.globalAlpha = 1;
    }
    brush.strokeStyle = colour;
    brush.stroke(new Path2D(stripes));
    const pattern = context.createPattern(tile, "repeat");
    pattern.setTransform(new DOMMatrix().rotate(turn).scale(gap / tile.width));
    return pattern;
  }

  /* A point symbol with its halo, drawn once and stamped for each feature. */
  function stampOf(style, ratio) {
    const half = Math.ceil(style.radius * 1.3 + style.width + HALO + 3);
    const tile = document.createElement("canvas");
    tile.width = tile.height = Math.ceil(2 * half * ratio);
    const brush = tile.getContext("2d");
    brush.setTransform(ratio, 0, 0, ratio, half * ratio, half * ratio);
    const shape = new Path2D(kit.symbolPath(style.symbol, 0, 0, style.radius));
    const paint = paintOf(brush, style, ratio);
    dress(brush, paint);
    paintShape({ fill: () => brush.fill(shape), stroke: () => brush.stroke(shape) }, brush, paint, true);
    return { tile, half };
  }

  /* What a canvas needs to draw a class, from the options that draw it as a path. */
  function paintOf(context, style, ratio) {
    const paint = kit.pathOptions(style);
    const share = Math.round(paint.fillOpacity * 255).toString(16).padStart(2, "0");
    const fillStyle = style.hatch === "none" ? paint.fillColor + share : hatchOf(context, style, ratio);
    // Of a hatched ground about one part in five is stripe.
    const ground = style.hatch === "none" ? style.fill_opacity : HATCHED + (style.fill ? style.fill_opacity * (1 - HATCHED) : 0);
    return { ...paint, fillStyle, dash: style.dash, plain: style.fill, ground };
  }

  /* The one colour that a speck shows: so much of its outline and so much of its ground as its size lets through. */
  function toneOf(paint, wide, high) {
    paint.tones = paint.tones || new Map();
    const key = 8 * wide + high;
    if (!paint.tones.has(key)) {
      const clear = (side) => Math.max(0, side - paint.weight) / (side || 1);
      const ground = paint.stroke ? clear(wide) * clear(high) : 1;
      const within = paint.fill ? paint.ground : 0;
      const share = 1 - ground + ground * within;
      const part = share ? (ground * within) / share : 0;
      const mixed = [1, 3, 5].map((at) => {
        const [line, fill] = [paint.color, paint.plain || paint.color].map((colour) => parseInt(colour.slice(at, at + 2), 16));
        return Math.round(line + (fill - line) * part);
      });
      paint.tones.set(key, `rgba(${mixed.join()},${share.toFixed(3)})`);
    }
    return paint.tones.get(key);
  }

  /* Make the context ready for a class: done once for features of one class in a row. */
  function dress(context, paint) {
    if (paint.fill) context.fillStyle = paint.fillStyle;
    context.strokeStyle = paint.color;
    context.lineWidth = paint.weight;
    context.lineCap = paint.lineCap;
    // Round corners of a thin line are not to be seen, and twice the work.
    context.lineJoin = paint.weight > THIN ? "round" : "bevel";
    context.setLineDash(paint.dash);
  }

  function paintHalo(brush, context, paint) {
    context.save();
    context.globalAlpha = HALO_SHARE;
    context.strokeStyle = paint.halo;
    context.lineWidth = paint.weight + HALO;
    context.lineCap = "butt";
    context.setLineDash([]);
    context.filter = "blur(1px)";
    brush.stroke();
    context.restore();
  }

  /* Halo, ground and outline of the path that the brush holds. */
  function paintShape(brush, context, paint, area) {
    if (paint.halo) paintHalo(brush, context, paint);
    if (area && paint.fill) brush.fill("evenodd");
    if (paint.stroke) brush.stroke();
  }

  /* Paths of features as pixels of the map's layer, without vertices that fall on one another. */
  class Tracer {
    constructor(store, map) {
      const scale = map.options.crs.scale(map.getZoom());
      const origin = map.getPixelOrigin();
      this.store = store;
      this.wide = scale / 360 / store.unit;
      this.left = scale / 2 - origin.x;
      this.high = scale;
      this.top = scale * store.middle - origin.y;
    }

    // Whole pixels, as Leaflet rounds its paths: neighbours that share an edge lose the same vertices.
    x(at) {
      return Math.round(this.store.xs[at] * this.wide + this.left);
    }

    y(at) {
      return Math.round(this.store.falls[at] * this.high + this.top);
    }

    /* The box of a feature that is too small for its outline to be told from its box, else null. */
    speck(index) {
      const { boxes, kinds, first } = this.store;
      const at = 4 * index;
      if ((boxes[at + 2] - boxes[at]) * this.wide > SPECK || kinds[first[index]] < SHELL) return null;
      const top = this.store.fallOf(boxes[at + 3]) * this.high + this.top;
      const bottom = this.store.fallOf(boxes[at + 1]) * this.high + this.top;
      if (bottom - top > SPECK) return null;
      const [left, up] = [Math.round(boxes[at] * this.wide + this.left), Math.round(top)];
      return [left, up, Math.round(boxes[at + 2] * this.wide + this.left) - left, Math.round(bottom) - up];
    }

    /* Add a path to a shape. A ring ends where it began; far outside the canvas its corners are drawn in. */
    add(shape, path) {
      const { starts, kinds } = this.store;
      const [from, to] = [starts[path], starts[path + 1]];
      const clamp = (value) => (value > FAR ? FAR : value < -FAR ? -FAR : value);
      let [lastX, lastY] = [clamp(this.x(from)), clamp(this.y(from))];
      shape.moveTo(lastX, lastY);
      const end = kinds[path] === LINE ? to - 1 : to;
      for (let at = from + 1; at < end; at += 1) {
        const [x, y] = [clamp(this.x(at)), clamp(this.y(at))];
        if (x === lastX && y === lastY) continue;
        shape.lineTo(x, y);
        lastX = x;
        lastY = y;
      }
      if (kinds[path] >= SHELL) shape.closePath();
      else shape.lineTo(clamp(this.x(to - 1)), clamp(this.y(to - 1)));
    }
  }

  /* The Leaflet layer of a packed layer: a canvas in the layer's pane, drawn anew where the map comes to rest. */
  kit.PackedCanvas = kit.Painting.extend({
    look: "plan-canvas",
    printed: PRINTED,

    /* Read the block of a key; the layer draws once it is given to `attach`. */
    load(key) {
      return kit.readPacked(key);
    },

    paint(ratio) {
      const { min } = this._bounds;
      this._context.setTransform(ratio, 0, 0, ratio, -min.x * ratio, -min.y * ratio);
      const { store, classes, plan: { map } } = this._layer;
      const context = this._context;
      const tracer = new Tracer(store, map);
      const looks = new Map(classes.map((one) => [one.key, paintOf(context, one.style, ratio)]));
      const stamps = new Map(classes.map((one) => [one.key, stampOf(one.style, ratio)]));
      const paints = store.header.classes.map((key) => looks.get(key));
      const symbols = store.header.classes.map((key) => stamps.get(key));
      let worn = null;
      for (const index of this._visible()) {
        const place = store.arrays.class[index];
        if (place !== worn) dress(context, paints[place]);
        worn = place;
        this._drawFeature(tracer, index, paints[place], symbols[place]);
      }
    },

    _drawFeature(tracer, index, paint, stamp) {
      const { store } = this._layer;
      const context = this._context;
      const speck = paint.halo ? null : tracer.speck(index);
      if (speck) {
        const [x, y, wide, high] = speck;
        context.fillStyle = toneOf(paint, wide, high);
        context.fillRect(x, y, Math.max(1, wide), Math.max(1, high));
        context.fillStyle = paint.fillStyle;
        return;
      }
      let open = null;
      const close = (kind) => {
        if (open !== null && open !== kind) paintShape(context, context, paint, open);
        if (kind !== null && open !== kind) context.beginPath();
        open = kind;
      };
      for (let path = store.first[index]; path < store.first[index + 1]; path += 1) {
        const kind = store.kinds[path];
        close(kind === POINT ? null : kind >= SHELL);
        if (kind === POINT) {
          const at = store.starts[path];
          context.drawImage(stamp.tile, tracer.x(at) - stamp.half, tracer.y(at) - stamp.half, 2 * stamp.half, 2 * stamp.half);
        } else tracer.add(context, path);
      }
      close(null);
    },

    /* Features that may touch the canvas, in their order. */
    _visible() {
      const { store, shows, plan: { map } } = this._layer;
      const { boxes, unit } = store;
      const corner = (point) => map.layerPointToLatLng(point);
      const [north, south] = [corner(this._bounds.min.subtract([SPARE, SPARE])), corner(this._bounds.max.add([SPARE, SPARE]))];
      const [west, low, east, high] = [north.lng * unit, south.lat * unit, south.lng * unit, north.lat * unit];
      const found = [];
      for (let index = 0, at = 0; index < store.count; index += 1, at += 4) {
        if (shows && !shows(index)) continue;
        if (boxes[at] <= east && boxes[at + 2] >= west && boxes[at + 1] <= high && boxes[at + 3] >= low) found.push(index);
      }
      return found;
    },
  });
})(SpatialMap);
