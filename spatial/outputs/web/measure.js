/* Lengths and areas on the CGCS2000 ellipsoid, and the tool that measures with clicks. */
"use strict";

(function (kit) {
  Object.assign(kit.words, {
    measureHint: { zh: "点击加点（或方向键移图、空格加点），双击或回车结束，退格撤回，Esc 取消", en: "Click, or arrows and Space, to add; double-click or Enter to end; Esc to cancel" },
  });

  const MAJOR = 6378137;
  const FLATTENING = 1 / 298.257222101;
  const MINOR = MAJOR * (1 - FLATTENING);
  const ECCENTRICITY = Math.sqrt(FLATTENING * (2 - FLATTENING));
  const RADIAN = Math.PI / 180;

  /* Geodesic length between two [longitude, latitude] in metres: Vincenty's inverse formula. */
  function geodesic([lon1, lat1], [lon2, lat2]) {
    const reduced = (lat) => Math.atan((1 - FLATTENING) * Math.tan(lat * RADIAN));
    const [u1, u2] = [reduced(lat1), reduced(lat2)];
    const [s1, c1, s2, c2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)];
    const span = (lon2 - lon1) * RADIAN;
    let lambda = span;
    let before, sinSigma, cosSigma, sigma, cosSqAlpha, cosMiddle;
    for (let round = 0; round < 200; round += 1) {
      const [sinL, cosL] = [Math.sin(lambda), Math.cos(lambda)];
      sinSigma = Math.hypot(c2 * sinL, c1 * s2 - s1 * c2 * cosL);
      if (sinSigma === 0) return 0;
      cosSigma = s1 * s2 + c1 * c2 * cosL;
      sigma = Math.atan2(sinSigma, cosSigma);
      const sinAlpha = (c1 * c2 * sinL) / sinSigma;
      cosSqAlpha = 1 - sinAlpha * sinAlpha;
      cosMiddle = cosSqAlpha ? cosSigma - (2 * s1 * s2) / cosSqAlpha : 0;
      const c = (FLATTENING / 16) * cosSqAlpha * (4 + FLATTENING * (4 - 3 * cosSqAlpha));
      before = lambda;
      lambda = span + (1 - c) * FLATTENING * sinAlpha *
        (sigma + c * sinSigma * (cosMiddle + c * cosSigma * (2 * cosMiddle * cosMiddle - 1)));
      if (Math.abs(lambda - before) < 1e-12) break;
    }
    const uSq = (cosSqAlpha * (MAJOR * MAJOR - MINOR * MINOR)) / (MINOR * MINOR);
    const a = 1 + (uSq / 16384) * (4096 + uSq * (-768 + uSq * (320 - 175 * uSq)));
    const b = (uSq / 1024) * (256 + uSq * (-128 + uSq * (74 - 47 * uSq)));
    const middleSq = 2 * cosMiddle * cosMiddle - 1;
    const correction = b * sinSigma * (cosMiddle + (b / 4) * (cosSigma * middleSq -
      (b / 6) * cosMiddle * (4 * sinSigma * sinSigma - 3) * (4 * cosMiddle * cosMiddle - 3)));
    return MINOR * a * (sigma - correction);
  }

  /* Latitude on the sphere of the same area as the ellipsoid, and the square of that sphere's radius. */
  const zoneArea = (sine) => {
    const inner = ECCENTRICITY * sine;
    return (1 - ECCENTRICITY ** 2) * (sine / (1 - inner * inner) + Math.atanh(inner) / ECCENTRICITY);
  };
  const FULL = zoneArea(1);
  const RADIUS_SQ = (MAJOR * MAJOR * FULL) / 2;
  const authalic = (lat) => Math.asin(Math.max(-1, Math.min(1, zoneArea(Math.sin(lat * RADIAN)) / FULL)));

  kit.measure = {
    /* Length in metres along [longitude, latitude] points. */
    distance: (points) => points.slice(1).reduce((sum, point, at) => sum + geodesic(points[at], point), 0),

    /* Area in square metres inside a ring of points: spherical excess on the sphere of equal area. */
    area(points) {
      const excess = points.reduce((sum, [lon, lat], at) => {
        const [nextLon, nextLat] = points[(at + 1) % points.length];
        const half = (((nextLon - lon + 540) % 360) - 180) * RADIAN / 2;
        const [t1, t2] = [Math.tan(authalic(lat) / 2), Math.tan(authalic(nextLat) / 2)];
        return sum + 2 * Math.atan2(Math.tan(half) * (t1 + t2), 1 + t1 * t2);
      }, 0);
      return Math.abs(excess) * RADIUS_SQ;
    },
  };

  const writeLength = (metres) =>
    metres < 1000 ? kit.number(metres, 1) + " m" : kit.number(metres / 1000, 3) + " km";
  const writeArea = (square) =>
    square < 1e6 ? `${kit.number(square, 0)} m² · ${kit.number(square / 1e4, 3)} ha` : `${kit.number(square / 1e6, 3)} km² · ${kit.number(square / 1e4, 0)} ha`;

  kit.Ruler = class {
    constructor(plan, output) {
      this.plan = plan;
      this.output = output;
      this.points = [];
      this.kind = null;
      const pane = plan.map.createPane("plan-measure");
      pane.style.zIndex = 630;
      pane.style.pointerEvents = "none";
      const look = { pane: "plan-measure", renderer: L.svg({ pane: "plan-measure" }), interactive: false, color: "#c2185b", weight: 2.5, dashArray: "7 5" };
      this.line = L.polygon([], { ...look, fill: false, className: "plan-measure" });
      this.dots = L.layerGroup();
      this.look = { ...look, dashArray: null, radius: 4, fillColor: "#ffffff", fillOpacity: 1 };
      plan.map.on("click", (event) => this._add(event.latlng));
      plan.map.on("dblclick", () => this.finish());
      document.addEventListener("keydown", (event) => this._press(event));
      plan.closers.push({ rank: 3, close: () => this.kind && (this.clear(), true) });
    }

    /* Begin to measure a distance or an area; the same kind again ends it. */
    begin(kind) {
      const again = this.plan.busy && this.kind === kind;
      this.clear();
      if (again) return;
      this.kind = kind;
      this.plan.busy = true;
      this.plan.map.doubleClickZoom.disable();
      this.plan.map.getContainer().classList.add("plan-measuring");
      this.plan.map.closePopup();
      this.line.addTo(this.plan.map);
      this.dots.addTo(this.plan.map);
      this.plan.refresh();
    }

    _add({ lng, lat }) {
      if (!this.plan.busy) return;
      const last = this.points[this.points.length - 1];
      // A double click is two clicks in one place: the second adds nothing.
      if (last && this.plan.map.latLngToLayerPoint([lat, lng]).distanceTo(this.plan.map.latLngToLayerPoint([last[1], last[0]])) < 3) return;
      this.points.push([lng, lat]);
      this._redraw();
    }

    _redraw() {
      const places = this.points.map(([x, y]) => [y, x]);
      const closed = this.kind === "area" && places.length > 2;
      this.line.setLatLngs(closed ? [places] : [[]]);
      this.line.setStyle({ fill: closed, fillColor: "#c2185b", fillOpacity: 0.12 });
      this.dots.clearLayers();
      if (!closed) L.polyline(places, { ...this.look, dashArray: "7 5" }).addTo(this.dots);
      places.forEach((place) => L.circleMarker(place, this.look).addTo(this.dots));
      this.show();
    }

    /* Without a mouse: the arrows move the map below the cross in its middle, Space adds the point there. */
    _press(event) {
      const { plan } = this;
      const onMap = document.activeElement === plan.map.getContainer() || document.activeElement === document.body;
      if (!plan.busy || !onMap) return;
      if (event.key === " ") {
        event.preventDefault();
        this._add(plan.map.getCenter());
      }
      if (event.key === "Enter") this.finish();
      if (event.key === "Backspace") {
        this.points.pop();
        this._redraw();
      }
    }

    /* Stop adding points; the drawing and its numbers stay until the next measure or Esc. */
    finish() {
      if (!this.plan.busy) return;
      // Later than this event's click, which would open a popup.
      window.setTimeout(() => { this.plan.busy = false; this.show(); }, 0);
      this.plan.map.doubleClickZoom.enable();
      this.plan.map.getContainer().classList.remove("plan-measuring");
    }

    clear() {
      this.plan.busy = false;
      this.kind = null;
      this.points = [];
      this.line.remove();
      this.line.setLatLngs([]);
      this.dots.clearLayers().remove();
      this.plan.map.doubleClickZoom.enable();
      this.plan.map.getContainer().classList.remove("plan-measuring");
      this.plan.refresh();
    }

    show() {
      const { plan, points, kind } = this;
      this.output.hidden = !kind;
      if (!kind) return this.output.replaceChildren();
      const rows = kind === "distance"
        ? [[plan.word("distanceIs"), writeLength(kit.measure.distance(points))]]
        : [[plan.word("areaIs"), writeArea(points.length > 2 ? kit.measure.area(points) : 0)],
          [plan.word("perimeter"), writeLength(kit.measure.distance([...points, ...points.slice(0, 1)]))]];
      return this.output.replaceChildren(
        ...rows.map(([head, text]) => kit.node("div", {}, head + " ", kit.node("strong", {}, text))),
        kit.node("div", { class: "plan-hint" }, plan.busy ? plan.word("measureHint") : plan.word("ellipsoid")));
    }
  };
})(SpatialMap);
