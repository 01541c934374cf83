/* Where the pointer is: degrees in CGCS2000, and metres in the plan's Gauss-Krueger grid. */
"use strict";

(function (kit) {
  const RADIAN = Math.PI / 180;
  const WIDEST = 6;

  /* Longitude and latitude to [easting, northing] in metres: Krueger's series in the third flattening, to n^4. */
  kit.project = function ({ major, flattening, lon0, lat0, scale, east0, north0 }, lon, lat) {
    const n = flattening / (2 - flattening);
    const radius = (major / (1 + n)) * (1 + n ** 2 / 4 + n ** 4 / 64);
    const alpha = [
      n / 2 - (2 * n ** 2) / 3 + (5 * n ** 3) / 16 + (41 * n ** 4) / 180,
      (13 * n ** 2) / 48 - (3 * n ** 3) / 5 + (557 * n ** 4) / 1440,
      (61 * n ** 3) / 240 - (103 * n ** 4) / 140,
      (49561 * n ** 4) / 161280,
    ];
    const root = (2 * Math.sqrt(n)) / (1 + n);
    const conform = (sine) => Math.sinh(Math.atanh(sine) - root * Math.atanh(root * sine));
    const along = (t, span) => {
      const xi = Math.atan2(t, Math.cos(span));
      const eta = Math.atanh(Math.sin(span) / Math.sqrt(1 + t * t));
      return [
        alpha.reduce((sum, one, at) => sum + one * Math.cos(2 * (at + 1) * xi) * Math.sinh(2 * (at + 1) * eta), eta),
        alpha.reduce((sum, one, at) => sum + one * Math.sin(2 * (at + 1) * xi) * Math.cosh(2 * (at + 1) * eta), xi),
      ];
    };
    const [, base] = along(conform(Math.sin(lat0 * RADIAN)), 0);
    const [east, north] = along(conform(Math.sin(lat * RADIAN)), (lon - lon0) * RADIAN);
    return [east0 + scale * radius * east, north0 + scale * radius * (north - base)];
  };

  const writeDegrees = (degrees, positive, negative) => Math.abs(degrees).toFixed(5) + "°" + (degrees < 0 ? negative : positive);

  kit.addPosition = function (plan) {
    const { grid } = plan.config;
    const note = kit.node("div", { class: "plan-position" }, "CGCS2000");
    const control = L.control({ position: "bottomright" });
    control.onAdd = () => note;
    control.addTo(plan.map);
    if (grid) note.title = `${grid.name} (${grid.code})`;
    plan.map.on("mousemove", ({ latlng }) => {
      const { lng, lat } = latlng.wrap();
      const lines = [`${writeDegrees(lng, "E", "W")}  ${writeDegrees(lat, "N", "S")}  CGCS2000`];
      if (grid && Math.abs(lng - grid.lon0) < WIDEST) {
        const [east, north] = kit.project(grid, lng, lat);
        // As Chinese surveys write: X to the north, Y to the east.
        lines.push(`X(N) ${north.toFixed(1)}  Y(E) ${east.toFixed(1)}  ${grid.code}`);
      }
      note.replaceChildren(lines.join("\n"));
    });
  };
})(SpatialMap);
