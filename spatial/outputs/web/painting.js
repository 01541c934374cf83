/* A layer painted on a canvas of its own: laid where the map comes to rest, and painted once for each rest. */
"use strict";

(function (kit) {
  /* What extends it gives `look` (its class of CSS), `printed` (pixels to a pixel on paper) and `paint(ratio)`. */
  kit.Painting = L.Renderer.extend({
    attach(layer) {
      this._layer = layer;
      this.redraw();
    },

    /* Paint anew, such as after `layer.shows` (index to whether it is drawn) has changed. */
    redraw() {
      this._drawn = null;
      if (this._map) this._update();
    },

    _initContainer() {
      this._container = kit.node("canvas", { class: this.look });
      this._context = this._container.getContext("2d");
      this._drawn = null;
    },

    _destroyContainer() {
      this._container.remove();
      delete this._container;
      delete this._context;
    },

    _updatePaths() {},

    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const { min } = this._bounds;
      const size = this._bounds.getSize();
      const ratio = this._layer && this._layer.plan.printing ? this.printed : window.devicePixelRatio || 1;
      const origin = this._map.getPixelOrigin();
      const drawn = [this._zoom, origin.x, origin.y, min.x, min.y, size.x, size.y, ratio].join();
      L.DomUtil.setPosition(this._container, min);
      // Leaflet tells of one movement several times; one painting is enough.
      if (!this._layer || drawn === this._drawn) return;
      this._drawn = drawn;
      this._container.width = Math.max(1, Math.round(size.x * ratio));
      this._container.height = Math.max(1, Math.round(size.y * ratio));
      this._container.style.width = size.x + "px";
      this._container.style.height = size.y + "px";
      this.paint(ratio);
    },
  });
})(SpatialMap);
