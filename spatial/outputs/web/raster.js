/* Raster layers: cells of classes on their own grid, painted pixel by pixel through the mesh that mesh.py lays. */
"use strict";

(function (kit) {
  const PRINTED = 2;

  function rgba(style) {
    const colour = style.fill || style.stroke || "#000000";
    return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)).concat(Math.round(style.fill_opacity * 255));
  }

  /* Where places lie in a grid: columns and rows at nodes of a box in Web Mercator, bilinear between them. */
  class Mesh {
    constructor({ corners, columns, rows }) {
      const [west, south, east, north] = corners;
      Object.assign(this, { corners, west, east, columns, rows, steps: rows.length - 1, top: kit.fall(north), bottom: kit.fall(south) });
    }

    /* Column and row at a share of the world's width and of its height in Web Mercator. */
    at(x, y) {
      const across = this._clamp(((x * 360 - 180 - this.west) / (this.east - this.west)) * this.steps);
      const down = this._clamp(((y - this.top) / (this.bottom - this.top)) * this.steps);
      const [left, high] = [Math.min(Math.floor(across), this.steps - 1), Math.min(Math.floor(down), this.steps - 1)];
      const [right, low] = [across - left, down - high];
      return [this.columns, this.rows].map((places) =>
        (places[high][left] * (1 - right) + places[high][left + 1] * right) * (1 - low) +
        (places[high + 1][left] * (1 - right) + places[high + 1][left + 1] * right) * low);
    }

    _clamp(value) {
      return Math.min(Math.max(value, 0), this.steps);
    }

    /* Whether a place lies in the box; outside of it nothing is known. */
    holds(x, y) {
      const lon = x * 360 - 180;
      return lon >= this.west && lon <= this.east && y >= this.top && y <= this.bottom;
    }
  }

  /* The cells of a layer: its own, or those that several layers share, by which a table gives each its class. */
  class Cells {
    constructor(header, cells, codes) {
      Object.assign(this, { rows: header.rows, columns: header.columns, cells, codes, mesh: new Mesh(header.mesh) });
    }

    /* Index of the cell under a place, given as shares of the world, or -1. */
    find(x, y) {
      if (!this.mesh.holds(x, y)) return -1;
      const [column, row] = this.mesh.at(x, y).map(Math.floor);
      return column < 0 || row < 0 || column >= this.columns || row >= this.rows ? -1 : row * this.columns + column;
    }

    /* Place of a cell's class in the layer's list, counted from 1; 0 for nothing. */
    code(index) {
      return this.codes ? this.codes[this.cells[index]] : this.cells[index];
    }

    /* Fill an image that begins at a place of the world and goes on by steps, in shares of the world. */
    paint(image, left, top, step, colours) {
      const { width, height, data } = image;
      const words = new Uint32Array(data.buffer);
      const paints = new Uint32Array(new Uint8Array([0, 0, 0, 0, ...colours.flat()]).buffer);
      const { mesh } = this;
      // Across a stretch between two nodes columns and rows change evenly: two lookups serve all its pixels.
      const node = (mesh.east - mesh.west) / 360 / mesh.steps;
      const west = (mesh.west + 180) / 360;
      const first = Math.max(0, Math.ceil((west - left) / step - 0.5));
      const last = Math.min(width, Math.ceil((west + node * mesh.steps - left) / step - 0.5));
      for (let down = 0; down < height; down += 1) {
        const y = top + (down + 0.5) * step;
        if (y < mesh.top || y > mesh.bottom) continue;
        for (let from = first; from < last;) {
          const at = Math.min(Math.floor((left + (from + 0.5) * step - west) / node), mesh.steps - 1);
          const to = at === mesh.steps - 1 ? last : Math.max(from + 1, Math.min(last, Math.ceil((west + (at + 1) * node - left) / step - 0.5)));
          const [begin, end] = [at, at + 1].map((place) => mesh.at(west + place * node, y));
          this._fill(words, paints, down * width, from, to, (across) => (left + (across + 0.5) * step - west) / node - at, begin, end);
          from = to;
        }
      }
    }

    _fill(words, paints, line, from, to, share, begin, end) {
      const [start, each] = [share(from), share(from + 1) - share(from)];
      const [slantX, slantY] = [(end[0] - begin[0]) * each, (end[1] - begin[1]) * each];
      let [column, row] = [begin[0] + (end[0] - begin[0]) * start, begin[1] + (end[1] - begin[1]) * start];
      for (let across = from; across < to; across += 1, column += slantX, row += slantY) {
        if (column < 0 || row < 0 || column >= this.columns || row >= this.rows) continue;
        const cell = this.cells[Math.floor(row) * this.columns + Math.floor(column)];
        words[line + across] = paints[this.codes ? this.codes[cell] : cell];
      }
    }
  }

  const shared = new Map();

  /* A block that several layers are drawn from, read once. */
  kit.readShared = (key) => {
    if (!shared.has(key)) shared.set(key, kit.unpack(key));
    return shared.get(key);
  };

  async function load(key) {
    const { header, arrays } = await kit.unpack(key);
    if (!header.of) return { header, cells: new Cells(header, arrays.cells, null), digest: null };
    const digest = await kit.readShared(header.of);
    const places = new Map(header.classes.map((name, at) => [name, at + 1]));
    const column = digest.arrays["t" + header.column];
    const codes = Uint8Array.from(column, (value) => places.get(String(value)) || 0);
    return { header, cells: new Cells(digest.header, digest.arrays.cells, codes), digest };
  }

  /* The Leaflet layer of a raster layer: a canvas, painted anew where the map comes to rest. */
  kit.RasterCanvas = kit.Painting.extend({
    look: "plan-canvas plan-cells",
    printed: PRINTED,
    load,

    paint(ratio) {
      const { width, height } = this._container;
      const { min } = this._bounds;
      const origin = this._map.getPixelOrigin();
      const world = this._map.options.crs.scale(this._map.getZoom());
      const image = this._context.createImageData(width, height);
      const { store } = this._layer;
      const colours = store.header.classes.map((key) => rgba(this._layer.classByKey.get(key).style));
      store.cells.paint(image, (origin.x + min.x) / world, (origin.y + min.y) / world, 1 / ratio / world, colours);
      this._context.putImageData(image, 0, 0);
    },
  });

  /* A layer of cells: no features to list or search, but a class under every point. */
  kit.RasterLayer = class extends kit.Layer {
    constructor(plan, entry, leaflet, store) {
      super(plan, entry, leaflet);
      this.kind = "raster";
      this.store = store;
      this.features = [];
    }

    classOf(index) {
      return this.classByKey.get(this.store.header.classes[index]);
    }

    hits({ lng, lat }) {
      const { header, cells } = this.store;
      const cell = cells.find((lng + 180) / 360, kit.fall(lat));
      const index = cell < 0 ? -1 : cells.code(cell) - 1;
      if (index < 0) return [];
      const feature = { type: "Feature", id: "", class: header.classes[index], properties: {}, geometry: null, anchors: [[lng, lat]] };
      return [{ layer: this, index, cell, bounds: cells.mesh.corners, feature }];
    }
  };
})(SpatialMap);
