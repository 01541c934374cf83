/* Layers of the plan map: one face for plain, packed and raster ones. What it offers is told in webmap.js. */
"use strict";

(function (kit) {
  const REACH = 6;

  /* The single parts of a geometry. */
  kit.parts = function (geometry) {
    if (!geometry) return [];
    if (geometry.type === "GeometryCollection") return geometry.geometries.flatMap(kit.parts);
    if (!geometry.type.startsWith("Multi")) return [geometry];
    const type = geometry.type.slice(5);
    return geometry.coordinates.map((coordinates) => ({ type, coordinates }));
  };

  /* Whether a point lies in a polygon: an odd count of edges to its right, holes included. */
  kit.contains = function (rings, x, y) {
    let inside = false;
    for (const ring of rings) {
      for (let at = 1; at < ring.length; at += 1) {
        const [x1, y1] = ring[at - 1];
        const [x2, y2] = ring[at];
        if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
      }
    }
    return inside;
  };

  /* A feature with its bounds. */
  kit.index = function (feature) {
    const bounds = [Infinity, Infinity, -Infinity, -Infinity];
    const widen = ([x, y]) => {
      bounds[0] = Math.min(bounds[0], x);
      bounds[1] = Math.min(bounds[1], y);
      bounds[2] = Math.max(bounds[2], x);
      bounds[3] = Math.max(bounds[3], y);
    };
    const walk = (part) => (typeof part[0] === "number" ? widen(part) : part.forEach(walk));
    kit.parts(feature.geometry).forEach((part) => walk(part.coordinates));
    return { feature, bounds };
  };

  /* The name of a feature in both languages. */
  kit.nameOf = ({ properties }) => ({ zh: properties.name || "", en: properties.name_en || properties.name || "" });

  /* How well a name answers what was asked: 0 the same, 1 begins so, 2 holds it, 9 not at all. */
  kit.worth = function (name, asked) {
    const text = String(name).toLowerCase();
    const at = text.indexOf(asked);
    if (at !== 0) return at < 0 ? 9 : 2;
    return text.length === asked.length ? 0 : 1;
  };

  const meets = (one, other) => one[0] <= other[2] && other[0] <= one[2] && one[1] <= other[3] && other[1] <= one[3];

  /* What all layers share; `leaflet` is the layer as Leaflet adds and removes it. */
  class Layer {
    constructor(plan, entry, leaflet) {
      Object.assign(this, entry);
      this.plan = plan;
      this.leaflet = leaflet;
      this.opacity = 1;
      this.classByKey = new Map(this.classes.map((one) => [one.key, one]));
    }

    get visible() {
      return this.plan.map.hasLayer(this.leaflet);
    }

    setVisible(on) {
      if (on) this.plan.map.addLayer(this.leaflet);
      else this.plan.map.removeLayer(this.leaflet);
    }

    setOpacity(share) {
      this.opacity = share;
      this.plan.map.getPane("plan-" + this.key).style.opacity = share === 1 ? "" : share;
    }

    get count() {
      return this.features.length;
    }

    item(index) {
      return this.features[index];
    }

    bounds(index) {
      return this.item(index).bounds;
    }

    properties(index) {
      return this.item(index).feature.properties;
    }

    names(index) {
      return kit.nameOf({ properties: this.properties(index) });
    }

    classOf(index) {
      return this.classByKey.get(this.item(index).feature.class);
    }

    within(box) {
      return this.features.filter((item) => meets(item.bounds, box));
    }

    /* Indexes of features whose name holds what was asked, in lower case, with their worth. */
    search(asked) {
      const found = [];
      this.features.forEach((item, index) => {
        const { zh, en } = this.names(index);
        const worth = Math.min(kit.worth(zh, asked), zh === en ? 9 : kit.worth(en, asked));
        if (worth < 9) found.push({ index, worth });
      });
      return found;
    }

    hits(position) {
      const { map } = this.plan;
      const ground = map.unproject(map.project(position).add([REACH, -REACH]));
      const [wide, high] = [2 * (ground.lng - position.lng), 2 * (ground.lat - position.lat)];
      const box = [position.lng - wide, position.lat - high, position.lng + wide, position.lat + high];
      return this.within(box).filter((item) => this._touches(item, position));
    }

    _touches({ index, feature }, { lng, lat }) {
      const { map } = this.plan;
      const here = map.latLngToLayerPoint([lat, lng]);
      const { radius } = this.classOf(index).style;
      const place = ([x, y]) => map.latLngToLayerPoint([y, x]);
      return kit.parts(feature.geometry).some(({ type, coordinates }) => {
        if (type === "Polygon") return kit.contains(coordinates, lng, lat);
        if (type === "Point") return here.distanceTo(place(coordinates)) <= Math.max(REACH, radius);
        const points = coordinates.map(place);
        return points.slice(1).some((end, at) => L.LineUtil.pointToSegmentDistance(here, points[at], end) <= REACH);
      });
    }
  }

  /* A layer of one Leaflet path a feature, for a few hundred features. */
  class PlainLayer extends Layer {
    constructor(plan, entry, leaflet) {
      super(plan, entry, leaflet);
      this.kind = "plain";
      this.features = [];
      leaflet.eachLayer((path) => this.features.push({ ...kit.index(path.feature), layer: this, index: this.features.length }));
    }
  }

  kit.Layer = Layer;
  kit.PlainLayer = PlainLayer;
})(SpatialMap);
