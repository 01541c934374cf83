/* Packed layers: read a block as packed.py writes it, find features by a grid, hand them out one by one. */
"use strict";

(function (kit) {
  const REACH = 6;
  const NODES = 16384;

  const { sum } = kit;
  const POINT = 0, LINE = 1, SHELL = 2;

  function fromBase64(text) {
    if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
    const letters = atob(text);
    const bytes = new Uint8Array(letters.length);
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = letters.charCodeAt(at);
    return bytes;
  }

  /* Header and arrays of a block; the block leaves the page, so that it is not kept twice. */
  async function unpack(key) {
    const block = document.getElementById("plan-data-" + key);
    const packed = new Blob([fromBase64(block.textContent)]);
    block.remove();
    const buffer = await new Response(packed.stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
    const bytes = new Uint8Array(buffer);
    let from = 4 + new DataView(buffer).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, from)));
    const arrays = {};
    for (const [name, count, planes] of header.arrays) {
      arrays[name] = join(bytes.subarray(from, from + count * planes), count, planes);
      from += count * planes;
    }
    return { header, arrays };
  }

  /* Numbers from their planes, lowest bytes first; beyond four bytes as doubles, exact to six. */
  function join(bytes, count, planes) {
    if (planes === 1) return bytes;
    const Kind = [Uint8Array, Uint8Array, Uint16Array, Uint32Array, Uint32Array][planes] || Float64Array;
    const numbers = new Kind(count);
    for (let at = 0; planes > 1 && at < count; at += 1) numbers[at] = bytes[at] + bytes[at + count] * 256;
    for (let plane = 2, worth = 65536; plane < planes; plane += 1, worth *= 256) {
      for (let at = 0, from = plane * count; at < count; at += 1) numbers[at] += bytes[from + at] * worth;
    }
    return numbers;
  }

  const unzigzag = (number) => (number % 2 ? -(number + 1) / 2 : number / 2);

  /* Share of the world from its northern edge in Web Mercator, by degrees of latitude. */
  const fall = (latitude) => 0.5 - Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360)) / (2 * Math.PI);

  /* Vertices of all paths, in whole units of the last decimal. */
  function decodePaths({ sizes, x0, y0, dx, dy }) {
    const starts = sum(sizes);
    const [xs, ys] = [new Int32Array(starts[sizes.length]), new Int32Array(starts[sizes.length])];
    let [firstX, firstY, to, step] = [0, 0, 0, 0];
    for (let path = 0; path < sizes.length; path += 1) {
      firstX += unzigzag(x0[path]);
      firstY += unzigzag(y0[path]);
      let [x, y] = [firstX, firstY];
      xs[to] = x;
      ys[to] = y;
      to += 1;
      for (const end = starts[path + 1]; to < end; to += 1, step += 1) {
        const [east, north] = [dx[step], dy[step]];
        x += (east >>> 1) ^ -(east & 1);
        y += (north >>> 1) ^ -(north & 1);
        xs[to] = x;
        ys[to] = y;
      }
    }
    return { starts, xs, ys };
  }

  /* West, south, east and north of each feature, in whole units, one after the other. */
  function findBoxes(count, first, starts, xs, ys) {
    const boxes = new Int32Array(4 * count);
    for (let feature = 0; feature < count; feature += 1) {
      const [from, to] = [starts[first[feature]], starts[first[feature + 1]]];
      let [west, south, east, north] = [xs[from], ys[from], xs[from], ys[from]];
      for (let at = from + 1; at < to; at += 1) {
        const [x, y] = [xs[at], ys[at]];
        if (x < west) west = x; else if (x > east) east = x;
        if (y < south) south = y; else if (y > north) north = y;
      }
      boxes[4 * feature] = west;
      boxes[4 * feature + 1] = south;
      boxes[4 * feature + 2] = east;
      boxes[4 * feature + 3] = north;
    }
    return boxes;
  }

  /* All that is known of a packed layer's features, in typed arrays. */
  class Store {
    constructor({ header, arrays }) {
      this.header = header;
      this.arrays = arrays;
      this.count = header.count;
      this.unit = 10 ** header.decimals;
      this.kinds = arrays.kinds;
      this.first = sum(arrays.paths);
      Object.assign(this, decodePaths(arrays));
      this.boxes = findBoxes(this.count, this.first, this.starts, this.xs, this.ys);
      this.grid = new kit.Grid(this.boxes);
      this.columns = new Map(header.columns.map((column) => [column.key, column]));
      this._project();
    }

    /* Falls of all vertices from a middle one, by a table between whose nodes Web Mercator is straight to 1e-11. */
    _project() {
      const [south, north] = [this.grid.frame[1], this.grid.frame[3]];
      const step = (north - south) / NODES || 1;
      this.middle = fall((south + north) / 2 / this.unit);
      this.table = Float64Array.from({ length: NODES + 2 }, (_, at) => fall((south + at * step) / this.unit) - this.middle);
      this.step = step;
      this.falls = new Float32Array(this.ys.length);
      for (let at = 0; at < this.ys.length; at += 1) this.falls[at] = this.fallOf(this.ys[at]);
    }

    /* How far below the middle a latitude in whole units lies, as a share of the world. */
    fallOf(y) {
      const place = (y - this.grid.frame[1]) / this.step;
      const node = place | 0;
      return this.table[node] + (this.table[node + 1] - this.table[node]) * (place - node);
    }

    cell(column, index) {
      const number = this.arrays[`=${column.key}`][index];
      if (!number) return undefined;
      return column.values ? column.values[number - 1] : unzigzag(number - 1) / 10 ** column.decimals;
    }

    text(key, index) {
      const column = this.columns.get(key);
      return column && this.cell(column, index);
    }

    /* The vertices of a path as positions; rings closed. */
    positions(path) {
      const positions = [];
      for (let at = this.starts[path]; at < this.starts[path + 1]; at += 1) positions.push([this.xs[at] / this.unit, this.ys[at] / this.unit]);
      if (this.kinds[path] >= SHELL) positions.push([...positions[0]]);
      return positions;
    }

    /* A feature as GeoJSON: paths gathered to parts, parts to one geometry. */
    geometry(index) {
      const parts = [];
      for (let path = this.first[index]; path < this.first[index + 1]; path += 1) {
        const kind = this.kinds[path];
        if (kind > SHELL) parts[parts.length - 1].coordinates.push(this.positions(path));
        else if (kind === SHELL) parts.push({ type: "Polygon", coordinates: [this.positions(path)] });
        else if (kind === LINE) parts.push({ type: "LineString", coordinates: this.positions(path) });
        else parts.push({ type: "Point", coordinates: this.positions(path)[0] });
      }
      if (parts.length === 1) return parts[0];
      const types = new Set(parts.map(({ type }) => type));
      if (types.size > 1) return { type: "GeometryCollection", geometries: parts };
      return { type: "Multi" + parts[0].type, coordinates: parts.map(({ coordinates }) => coordinates) };
    }

    /* Where a line of latitude passes through a feature's rings, west to east: outside and inside take turns. */
    crossings(index, y) {
      const found = [];
      for (let path = this.first[index]; path < this.first[index + 1]; path += 1) {
        if (this.kinds[path] < SHELL) continue;
        const [from, to] = [this.starts[path], this.starts[path + 1]];
        for (let at = from, before = to - 1; at < to; before = at, at += 1) {
          const [y1, y2] = [this.ys[before], this.ys[at]];
          if (y1 > y !== y2 > y) found.push(this.xs[before] + ((this.xs[at] - this.xs[before]) * (y - y1)) / (y2 - y1));
        }
      }
      return found.sort((one, other) => one - other);
    }

    /* A point of a feature: in an area the middle of its widest stretch half way up, else a middle vertex. */
    anchor(index) {
      const [, south, , north] = this.boxes.subarray(4 * index, 4 * index + 4);
      const y = (south + north) / 2 + 0.25;
      const ends = this.crossings(index, y);
      let best = 0;
      for (let at = 2; at + 1 < ends.length; at += 2) if (ends[at + 1] - ends[at] > ends[best + 1] - ends[best]) best = at;
      if (ends.length) return [(ends[best] + ends[best + 1]) / 2 / this.unit, y / this.unit];
      const at = (this.starts[this.first[index]] + this.starts[this.first[index + 1]]) >> 1;
      return [this.xs[at] / this.unit, this.ys[at] / this.unit];
    }

    spine(index) {
      const lines = kit.parts(this.geometry(index)).filter(({ type }) => type === "LineString");
      const long = ({ coordinates }) => coordinates.slice(1).reduce((sum, [x, y], at) => sum + Math.hypot(x - coordinates[at][0], y - coordinates[at][1]), 0);
      return lines.length ? lines.reduce((one, other) => (long(other) > long(one) ? other : one)).coordinates : undefined;
    }
  }

  /* A feature of a packed layer, decoded when asked for and then kept. */
  class Item {
    constructor(layer, index) {
      this.layer = layer;
      this.index = index;
    }

    get bounds() {
      return this.layer.bounds(this.index);
    }

    get feature() {
      if (!this._feature) this._feature = new Feature(this.layer, this.index);
      return this._feature;
    }
  }

  class Feature {
    constructor(layer, index) {
      this.type = "Feature";
      this.id = layer.store.text("#id", index);
      this.class = layer.classKey(index);
      this._source = { layer, index };
    }

    get properties() {
      const { layer, index } = this._source;
      return keep(this, "properties", layer.properties(index));
    }

    get geometry() {
      const { layer, index } = this._source;
      return keep(this, "geometry", layer.store.geometry(index));
    }

    get label() {
      const { store } = this._source.layer;
      const { label } = store.header;
      if (label === null) return undefined;
      const texts = [["zh", label], ["en", label + "_en"]].map(([language, key]) => [language, store.text(key, this._source.index)]);
      const told = texts.filter(([, text]) => text !== undefined);
      return told.length ? Object.fromEntries(told) : undefined;
    }

    get anchors() {
      const { layer: { store }, index } = this._source;
      return keep(this, "anchors", store.header.places ? store.header.places[index].anchors : [store.anchor(index)]);
    }

    get spine() {
      const { layer, index } = this._source;
      const { places } = layer.store.header;
      if (!layer.label || layer.label.place !== "along") return undefined;
      return keep(this, "spine", places ? places[index].spine : layer.store.spine(index));
    }
  }

  function keep(object, name, value) {
    Object.defineProperty(object, name, { value, enumerable: true });
    return value;
  }

  /* A layer of many features: same face as a plain one, drawn on a canvas. */
  kit.PackedLayer = class extends kit.Layer {
    constructor(plan, entry, leaflet, store) {
      super(plan, entry, leaflet);
      this.kind = "packed";
      this.store = store;
      this._items = new Map();
      this._classes = store.header.classes.map((key) => this.classByKey.get(key));
    }

    get count() {
      return this.store.count;
    }

    get features() {
      if (!this._features) this._features = Array.from({ length: this.count }, (_, index) => this.item(index));
      return this._features;
    }

    item(index) {
      if (!this._items.has(index)) this._items.set(index, new Item(this, index));
      return this._items.get(index);
    }

    bounds(index) {
      return Array.from(this.store.boxes.subarray(4 * index, 4 * index + 4), (side) => side / this.store.unit);
    }

    classKey(index) {
      return this.store.header.classes[this.store.arrays.class[index]];
    }

    classOf(index) {
      return this._classes[this.store.arrays.class[index]];
    }

    properties(index) {
      const cells = [...this.store.columns.values()].filter(({ key }) => key !== "#id").map((column) => [column.key, this.store.cell(column, index)]);
      return Object.fromEntries(cells.filter(([, value]) => value !== undefined));
    }

    names(index) {
      const zh = this.store.text("name", index) || "";
      return { zh, en: this.store.text("name_en", index) || zh };
    }

    within(box) {
      const widened = [Math.floor, Math.floor, Math.ceil, Math.ceil].map((round, side) => round(box[side] * this.store.unit));
      return this.store.grid.find(widened).map((index) => this.item(index));
    }

    /* Every distinct name is held against what was asked once, not every feature. */
    search(asked) {
      const worths = ["name", "name_en"].filter((key) => this.store.columns.has(key)).map((key) => {
        const { values } = this.store.columns.get(key);
        return { codes: this.store.arrays[`=${key}`], worths: values ? values.map((name) => kit.worth(name, asked)) : [] };
      });
      const found = [];
      for (let index = 0; index < this.count; index += 1) {
        let worth = 9;
        for (const { codes, worths: of } of worths) if (codes[index] && of[codes[index] - 1] < worth) worth = of[codes[index] - 1];
        if (worth < 9) found.push({ index, worth });
      }
      return found;
    }

    _touches({ index }, { lng, lat }) {
      const { store, plan: { map } } = this;
      const [x, y] = [lng * store.unit, lat * store.unit];
      const here = map.latLngToLayerPoint([lat, lng]);
      let inside = false;
      for (const end of store.crossings(index, y)) if (end > x) inside = !inside;
      if (inside) return true;
      const place = (at) => map.latLngToLayerPoint([store.ys[at] / store.unit, store.xs[at] / store.unit]);
      for (let path = store.first[index]; path < store.first[index + 1]; path += 1) {
        const [from, to] = [store.starts[path], store.starts[path + 1]];
        if (store.kinds[path] === POINT && here.distanceTo(place(from)) <= Math.max(REACH, this.classOf(index).style.radius)) return true;
        if (store.kinds[path] !== LINE) continue;
        for (let at = from + 1; at < to; at += 1) if (L.LineUtil.pointToSegmentDistance(here, place(at - 1), place(at)) <= REACH) return true;
      }
      return false;
    }
  };

  kit.unpack = unpack;
  kit.fall = fall;
  kit.readPacked = async (key) => new Store(await unpack(key));
})(SpatialMap);
