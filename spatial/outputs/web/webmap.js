/* The plan map: layers in fixed panes, one style function over classes, what lies under a point.

   plan.layers: Map of key -> layer, in panel order; plan.descending: the same as an array, topmost first. Plain,
   packed and raster layers have one face:
     key, title {zh, en}, group, order, tooltip, classed, columns [{key, title}], label (style or null),
     kind ("plain", "packed" or "raster"),
     classes [{key, label {zh, en}, count (null in rasters), area_km2 (or null), shape, style}],
     visible, setVisible(on); opacity, setOpacity(0..1)   silent; plan.toggle(key, on) also tells the listeners
     count, item(index) -> {layer, index, bounds [west, south, east, north], feature}
     bounds(index), properties(index), names(index) {zh, en}, classOf(index) -> entry of `classes`
     within([west, south, east, north]) -> items whose bounds meet the box (quick; use it to draw labels)
     features -> all items; of a packed layer up to hundreds of thousands, so ask `within` or `search` instead
   item.feature: {id, class, properties, geometry (GeoJSON; null in rasters), anchors [[lon, lat]], label {zh, en}
   or undefined, spine or undefined}, decoded when asked for.
   plan.search(text, most) -> rows {layer, name {zh, en}, items}, best first. plan.hits(latlng) -> items, topmost first.
   kit.additions: functions of a plan that `start` calls once panel, tools and probe stand. */
"use strict";

(function (kit) {
  const FIRST_PANE = 401;

  class Plan {
    constructor(map) {
      this.map = map;
      this.config = kit.read("config");
      this.language = this.config.language;
      this.layers = new Map(this.config.layers.map((layer) => [layer.key, layer]));
      this.busy = false;
      this.printing = false;
      this._listeners = [];
      this.closers = [];
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
      // A line has no ground; the area between its bends and its ends is not part of it.
      return ({ class: name, geometry }) => (geometry.type.endsWith("LineString") ? { ...paints[name], fill: false } : paints[name]);
    }

    marker(key) {
      const shared = { pane: "plan-" + key, renderer: this.renderer(key), interactive: false };
      return (feature, position) => new kit.SymbolMarker(position, { ...shared });
    }

    /* The Leaflet layer of a packed layer: empty until `start` has read its block. */
    packed(key) {
      return new kit.PackedCanvas({ pane: "plan-" + key, padding: 0.4 });
    }

    raster(key) {
      return new kit.RasterCanvas({ pane: "plan-" + key });
    }

    /* Packed blocks are inflated by the browser meanwhile; a page without any is there at once. */
    start(groups) {
      const packed = groups.filter(([, group]) => group.load);
      if (!packed.length) this._begin(groups, new Map());
      else if (!window.DecompressionStream) this._refuse();
      else {
        this.map.getContainer().classList.add("plan-reading");
        Promise.all(packed.map(async ([key, group]) => [key, await group.load(key)]))
          .then((stores) => this._begin(groups, new Map(stores)));
      }
    }

    _refuse() {
      this.map.getContainer().append(kit.node("p", { class: "plan-refusal", role: "alert" }, kit.pick(kit.words.tooOld, "both")));
    }

    _begin(groups, stores) {
      for (const [key, group] of groups) {
        const entry = this.layers.get(key);
        const store = stores.get(key);
        const Kind = !store ? kit.PlainLayer : group instanceof kit.RasterCanvas ? kit.RasterLayer : kit.PackedLayer;
        this.layers.set(key, new Kind(this, entry, group, store));
      }
      this.descending = this.descending.map(({ key }) => this.layers.get(key));
      this._drawGround();
      this.labels = { draw() {} };
      kit.addPanel(this);
      kit.addTools(this);
      kit.addProbe(this);
      kit.addPrint(this);
      kit.additions.forEach((add) => add(this));
      if (this.config.opening) this.view(this.config.opening);
      this.setLanguage(this.language);
      // Only now have title and panel their texts, and with them the sizes that the map must keep clear of.
      this.fit();
      // Names last: at the first view of the empty map they would all stand on one spot, each in each one's way.
      this.labels = new kit.Labels(this);
      this.labels.draw();
      for (const layer of this.layers.values()) if (layer.kind !== "plain") layer.leaflet.attach(layer);
      this.map.getContainer().classList.remove("plan-reading");
      window.performance.mark("plan-drawn");
    }

    _drawGround() {
      const territory = this.layers.get("territory");
      // With tiles below, the ground would hide them.
      if (!territory || this.config.basemap) return;
      const pane = this.map.createPane("plan-ground");
      pane.style.zIndex = FIRST_PANE - 1;
      pane.style.pointerEvents = "none";
      const style = { stroke: false, fill: true, fillColor: this.config.ground, fillOpacity: 1 };
      const renderer = L.svg({ pane: "plan-ground", padding: 0.4 });
      const shapes = territory.features.map(({ feature }) => feature.geometry);
      L.geoJson(shapes, { pane: "plan-ground", renderer, style, interactive: false }).addTo(this.map);
    }

    isShown(key) {
      return this.layers.get(key).visible;
    }

    toggle(key, on) {
      this.layers.get(key).setVisible(on);
      this._tell();
    }

    /* Show exactly the layers of a view. */
    view(key) {
      const wanted = new Set(this.config.views.find((one) => one.key === key).layers);
      for (const layer of this.layers.values()) layer.setVisible(wanted.has(layer.key));
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

    /* Tell all listeners that something they show has changed. */
    refresh() {
      this._tell();
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
      return this.descending.filter((layer) => layer.visible).flatMap((layer) => layer.hits(position));
    }

    /* Names that hold a text, in either language, best first; features of one name in one layer are one row. */
    search(text, most = 12) {
      const asked = text.trim().toLowerCase();
      const rows = [];
      for (const layer of asked ? this.layers.values() : []) {
        const known = new Map();
        for (const { index, worth } of layer.key === "findings" ? [] : layer.search(asked)) {
          const name = layer.names(index);
          const key = name.zh + "\u0000" + name.en;
          if (!known.has(key)) {
            known.set(key, { layer, name, worth, indexes: [] });
            rows.push(known.get(key));
          }
          known.get(key).indexes.push(index);
        }
      }
      return rows.sort((one, other) => one.worth - other.worth).slice(0, most)
        .map(({ layer, name, indexes }) => ({ layer, name, items: indexes.map((index) => layer.item(index)) }));
    }
  }

  kit.additions = [];

  kit.create = function (map) {
    const plan = new Plan(map);
    window.spatialPlan = plan;
    return plan;
  };
})(SpatialMap);
