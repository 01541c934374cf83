/* Raster layers: cells of classes painted once as an image that is straight in the map's projection. */
"use strict";

(function (kit) {
  const CLEAR = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

  function rgba(style) {
    const colour = style.fill || style.stroke || "#000000";
    return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)).concat(Math.round(style.fill_opacity * 255));
  }

  function paint({ header, arrays: { cells } }, styleOf) {
    const canvas = kit.node("canvas", { width: header.columns, height: header.rows });
    const context = canvas.getContext("2d");
    const image = context.createImageData(header.columns, header.rows);
    const colours = header.classes.map((key) => rgba(styleOf(key)));
    for (let at = 0; at < cells.length; at += 1) if (cells[at]) image.data.set(colours[cells[at] - 1], 4 * at);
    context.putImageData(image, 0, 0);
    return canvas.toDataURL();
  }

  /* The Leaflet layer of a raster layer: clear until its cells are read. */
  kit.RasterImage = L.ImageOverlay.extend({
    initialize(options) {
      L.ImageOverlay.prototype.initialize.call(this, CLEAR, [[0, 0], [0, 0]], { ...options, interactive: false, className: "plan-cells" });
    },

    // Cells have edges: near by they are squares, not clouds.
    _initImage() {
      L.ImageOverlay.prototype._initImage.call(this);
      this._image.style.imageRendering = "pixelated";
    },

    load(key) {
      return kit.unpack(key);
    },

    attach(layer) {
      const [west, south, east, north] = layer.store.header.corners;
      this.setBounds(L.latLngBounds([south, west], [north, east]));
      this.setUrl(paint(layer.store, (key) => layer.classByKey.get(key).style));
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
      const { columns, rows, corners: [west, south, east, north], classes } = this.store.header;
      const column = Math.floor(((lng - west) / (east - west)) * columns);
      const row = Math.floor(((kit.fall(lat) - kit.fall(north)) / (kit.fall(south) - kit.fall(north))) * rows);
      if (column < 0 || row < 0 || column >= columns || row >= rows) return [];
      const index = this.store.arrays.cells[row * columns + column] - 1;
      if (index < 0) return [];
      const feature = { type: "Feature", id: "", class: classes[index], properties: {}, geometry: null, anchors: [[lng, lat]] };
      return [{ layer: this, index, bounds: [west, south, east, north], feature }];
    }
  };
})(SpatialMap);
