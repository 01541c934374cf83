/* Tiles in GCJ-02, each drawn where its land lies. Made only when a plan asks for such a basemap. */
"use strict";

(function (kit) {
  const MAJOR = 6378245;
  const ECCENTRICITY_2 = 0.00669342162296594323;
  const AREA = [72.004, 0.8293, 137.8347, 55.8271];
  const ROUNDS = 8;

  // Amplitudes (m) and frequencies (half turns per degree) of the published series, as in engine/gcj02.py.
  const BY_LON = [[20, 6], [20, 2], [20, 1], [40, 1 / 3], [150, 1 / 12], [300, 1 / 30]];
  const NORTH_BY_LON = [[20, 6], [20, 2]];
  const NORTH_BY_LAT = [[20, 1], [40, 1 / 3], [160, 1 / 12], [320, 1 / 30]];
  const waves = (terms, degrees) => terms.reduce((sum, [size, turns]) => sum + (size * Math.sin(degrees * turns * Math.PI) * 2) / 3, 0);

  /* CGCS2000 or WGS 84 to GCJ-02, by the public formula. */
  kit.toGcj02 = function (lon, lat) {
    const [west, south, east, north] = AREA;
    if (!(lon >= west && lon <= east && lat >= south && lat <= north)) return [lon, lat];
    const [x, y] = [lon - 105, lat - 35];
    const root = Math.sqrt(Math.abs(x));
    const eastward = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves(BY_LON, x);
    const northward = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves(NORTH_BY_LON, x) + waves(NORTH_BY_LAT, y);
    const turned = (lat * Math.PI) / 180;
    const flat = 1 - ECCENTRICITY_2 * Math.sin(turned) ** 2;
    const meridian = (MAJOR * (1 - ECCENTRICITY_2)) / flat ** 1.5;
    const parallel = (MAJOR / Math.sqrt(flat)) * Math.cos(turned);
    return [lon + ((eastward / parallel) * 180) / Math.PI, lat + ((northward / meridian) * 180) / Math.PI];
  };

  /* GCJ-02 to CGCS2000, by iteration. */
  kit.fromGcj02 = function (lon, lat) {
    let [x, y] = [lon, lat];
    for (let round = 0; round < ROUNDS; round += 1) {
      const [east, north] = kit.toGcj02(x, y);
      [x, y] = [x + lon - east, y + lat - north];
    }
    return [x, y];
  };

  const Shifted = L.TileLayer.extend({
    /* Which tiles the view needs: those round the view's centre as GCJ-02 has it. */
    _getTiledPixelBounds(center) {
      const [lng, lat] = kit.toGcj02(center.lng, center.lat);
      return L.TileLayer.prototype._getTiledPixelBounds.call(this, L.latLng(lat, lng));
    },

    /* Where a tile's corner lies on the screen once the shift is taken off, in whole pixels. */
    _corner(x, y, z) {
      const size = this.getTileSize();
      const { lng, lat } = this._map.unproject([x * size.x, y * size.y], z);
      const [lon, north] = kit.fromGcj02(lng, lat);
      return this._map.project([north, lon], z).subtract(this._levels[z].origin).round();
    },

    _getTilePos({ x, y, z }) {
      return this._corner(x, y, z);
    },

    // The shift differs from corner to corner: a tile is stretched to the next one, so that no gap shows.
    _addTile(coords, container) {
      L.TileLayer.prototype._addTile.call(this, coords, container);
      const { el } = this._tiles[this._tileCoordsToKey(coords)];
      const size = this._corner(coords.x + 1, coords.y + 1, coords.z).subtract(this._corner(coords.x, coords.y, coords.z));
      el.style.width = size.x + "px";
      el.style.height = size.y + "px";
    },
  });

  kit.shiftedTiles = (address, options) => new Shifted(address, options);
})(SpatialMap);
