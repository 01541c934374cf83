/* The plan map: layers in fixed panes, one style function over classes, what lies under a point. */
"use strict";

(function (kit) {
  const FIRST_PANE = 401;
  const REACH = 6;

  class Plan {
    constructor(map) {
      this.map = map;
      this.config = kit.read("config");
      this.language = this.config.language;
      this.layers = new Map(this.config.layers.map((layer) => [layer.key, layer]));
      this.busy = false;
      this.printing = false;
      this._listeners = [];
      this._renderers = new Map();
      const rising = [...this.layers.values()].sort((one, other) => one.order - other.order);
      // A pane for each layer fixes the drawing order: toggling cannot bring a layer to the top.
      rising.forEach((layer, at) => {
        const pane = map.createPane("plan-" + layer.key);
        pane.style.zIndex = FIRST_PANE + at;
        pane.style.pointerEvents = "none";
      });
      this.descending = rising.reverse();
      map.getContainer().style.background = this.config.paper;
      if (map.attributionControl) map.attributionControl.setPrefix("Leaflet · folium");
    }

    renderer(key) {
      if (!this._renderers.has(key)) this._renderers.set(key, new kit.Renderer({ pane: "plan-" + key, padding: 0.4 }));
      return this._renderers.get(key);
    }

    /* The one style function of a layer: feature to path options, by the feature's class. */
    style(key) {
      const paints = Object.fromEntries(
        this.layers.get(key).classes.map((one) => [one.key, kit.pathOptions(one.style)]));
      return (feature) => paints[feature.class];
    }

    marker(key) {
      const shared = { pane: "plan-" + key, renderer: this.renderer(key), interactive: false };
      return (feature, position) => new kit.SymbolMarker(position, { ...shared });
    }

    start(groups) {
      for (const [key, group] of groups) {
        const layer = this.layers.get(key);
        layer.leaflet = group;
        layer.features = [];
        group.eachLayer((path) => layer.features.push({ ...kit.index(path.feature), layer }));
      }
      this._drawGround();
      this.labels = new kit.Labels(this);
      kit.addPanel(this);
      kit.addTools(this);
      kit.addProbe(this);
      kit.addPrint(this);
      this.setLanguage(this.language);
      // Only now have title and panel their texts, and with them the sizes that the map must keep clear of.
      this.fit();
    }

    _drawGround() {
      const territory = this.layers.get("territory");
      if (!territory) return;
      const pane = this.map.createPane("plan-ground");
      pane.style.zIndex = FIRST_PANE - 1;
      pane.style.pointerEvents = "none";
      const style = { stroke: false, fill: true, fillColor: this.config.ground, fillOpacity: 1 };
      const renderer = L.svg({ pane: "plan-ground", padding: 0.4 });
      L.geoJson(kit.read("territory"), { pane: "plan-ground", renderer, style, interactive: false }).addTo(this.map);
    }

    isShown(key) {
      return this.map.hasLayer(this.layers.get(key).leaflet);
    }

    toggle(key, on) {
      const { leaflet } = this.layers.get(key);
      if (on) this.map.addLayer(leaflet);
      else this.map.removeLayer(leaflet);
      this._tell();
    }

    /* Show exactly the layers of a view. */
    view(key) {
      const wanted = new Set(this.config.views.find((one) => one.key === key).layers);
      for (const layer of this.layers.values()) {
        if (wanted.has(layer.key)) this.map.addLayer(layer.leaflet);
        else this.map.removeLayer(layer.leaflet);
      }
      this._tell();
    }

    setLanguage(language) {
      this.language = language;
      document.documentElement.lang = language === "en" ? "en" : "zh-CN";
      this.map.closePopup();
      this._tell();
    }

    /* Call back whenever layers or the language change. */
    onChange(listener) {
      this._listeners.push(listener);
    }

    _tell() {
      this._listeners.forEach((listener) => listener());
    }

    say(text) {
      return kit.pick(text, this.language);
    }

    word(key) {
      return this.say(kit.words[key]);
    }

    /* Where the map may lie: right of the title or below it, left of the panel. */
    frames() {
      const container = this.map.getContainer();
      const [panel, title] = [container.querySelector(".plan-panel"), container.querySelector(".plan-title")];
      if (this.printing) {
        return [{ paddingTopLeft: [16, title.offsetHeight + 16], paddingBottomRight: [16, panel.offsetHeight + 64] }];
      }
      if (this.map.getSize().x <= 760) return [{ paddingTopLeft: [14, title.offsetHeight + 28], paddingBottomRight: [14, 120] }];
      const paddingBottomRight = [panel.offsetWidth + 28, 48];
      return [
        { paddingTopLeft: [64, title.offsetHeight + 26], paddingBottomRight },
        { paddingTopLeft: [title.offsetWidth + 28, 20], paddingBottomRight },
      ];
    }

    fit() {
      if (this.config.bounds) this.fitTo(this.config.bounds, false, 17);
    }

    fitTo([west, south, east, north], animate = true, maxZoom = 13) {
      const bounds = L.latLngBounds([south, west], [north, east]);
      const room = (frame) => this.map.getBoundsZoom(bounds, false, L.point(frame.paddingTopLeft).add(frame.paddingBottomRight));
      const [frame] = this.frames().sort((one, other) => room(other) - room(one));
      this.map.fitBounds(bounds, { ...frame, maxZoom, animate });
    }

    /* Features under a point of the screen, top layer first. */
    hits(position) {
      const found = [];
      for (const layer of this.descending) {
        if (!layer.leaflet || !this.isShown(layer.key)) continue;
        const ground = this.map.unproject(this.map.project(position).add([REACH, -REACH]));
        const reach = [ground.lng - position.lng, ground.lat - position.lat];
        for (const item of layer.features) {
          if (near(item.bounds, position, reach) && this._touches(item, position)) found.push(item);
        }
      }
      return found;
    }

    _touches(item, { lng, lat }) {
      const here = this.map.latLngToLayerPoint([lat, lng]);
      const radius = item.layer.classes.find((one) => one.key === item.feature.class).style.radius;
      const place = ([x, y]) => this.map.latLngToLayerPoint([y, x]);
      return kit.parts(item.feature.geometry).some(({ type, coordinates }) => {
        if (type === "Polygon") return kit.contains(coordinates, lng, lat);
        if (type === "Point") return here.distanceTo(place(coordinates)) <= Math.max(REACH, radius);
        const points = coordinates.map(place);
        return points.slice(1).some((end, at) => L.LineUtil.pointToSegmentDistance(here, points[at], end) <= REACH);
      });
    }
  }

  function near([west, south, east, north], { lng, lat }, [wide, high]) {
    return lng >= west - 2 * wide && lng <= east + 2 * wide && lat >= south - 2 * high && lat <= north + 2 * high;
  }

  /* The single parts of a geometry. */
  kit.parts = function (geometry) {
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

  kit.create = function (map) {
    const plan = new Plan(map);
    window.spatialPlan = plan;
    return plan;
  };
})(SpatialMap);
