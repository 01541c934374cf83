/* Drawing kit of the plan map: nodes made from text only, paints, point symbols, swatches, words. */
"use strict";
var SpatialMap = {};

(function (kit) {
  const SVG = "http://www.w3.org/2000/svg";
  const HATCH_GAP = 7;

  function furnish(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (typeof value === "function") node.addEventListener(name, value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    // Strings become text nodes: a name that looks like HTML shows as it is written.
    node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
    return node;
  }

  /* An HTML element; functions among the attributes listen to the event of their name. */
  kit.node = (tag, attributes, ...children) => furnish(document.createElement(tag), attributes, children);
  /* The same in SVG. */
  kit.svg = (tag, attributes, ...children) => furnish(document.createElementNS(SVG, tag), attributes, children);

  /* The parsed content of a data block of this page. */
  kit.read = (key) => JSON.parse(document.getElementById("plan-data-" + key).textContent);

  /* A text in one language; in both, the Chinese with the English behind it. */
  kit.pick = function (text, language) {
    const zh = text.zh || text.en || "";
    const en = text.en || text.zh || "";
    if (language === "en") return en;
    return language === "zh" || zh === en ? zh : zh + " " + en;
  };

  /* The same as nodes, the English smaller. */
  kit.phrase = function (text, language) {
    if (language !== "both" || !text.zh || !text.en || text.zh === text.en) return [kit.pick(text, language)];
    return [text.zh + " ", kit.node("span", { class: "plan-second", lang: "en" }, text.en)];
  };

  kit.number = (value, digits) => value.toLocaleString("en-US", { maximumFractionDigits: digits });

  /* Stripes of a hatch on a square tile, which way they turn, and their colour. */
  kit.hatch = function (style) {
    const half = HATCH_GAP / 2;
    return {
      gap: HATCH_GAP,
      stripes: style.hatch === "cross" ? `M${half} 0V${HATCH_GAP}M0 ${half}H${HATCH_GAP}` : `M${half} 0V${HATCH_GAP}`,
      turn: style.hatch === "back" ? -45 : 45,
      colour: style.stroke || style.fill || "#000000",
    };
  };

  let defs = null;
  function pattern(style) {
    const { gap, stripes, turn, colour } = kit.hatch(style);
    const id = ["plan-hatch", style.hatch, colour, style.fill, style.fill_opacity].join("-").replace(/[^\w-]/g, "_");
    if (!defs) {
      defs = kit.svg("defs");
      document.body.append(kit.svg("svg", { class: "plan-paints", width: 0, height: 0, "aria-hidden": "true" }, defs));
    }
    if (document.getElementById(id)) return id;
    const size = { width: gap, height: gap };
    defs.append(
      kit.svg("pattern", { id, ...size, patternUnits: "userSpaceOnUse", patternTransform: `rotate(${turn})` },
        style.fill && kit.svg("rect", { ...size, fill: style.fill, "fill-opacity": style.fill_opacity }),
        kit.svg("path", { d: stripes, stroke: colour, "stroke-width": 1 })));
    return id;
  }

  /* A class style as Leaflet path options. */
  kit.pathOptions = function (style) {
    const hatched = style.hatch !== "none";
    return {
      stroke: Boolean(style.stroke) && style.width > 0,
      color: style.stroke || style.fill || "#000000",
      weight: style.width,
      opacity: 1,
      dashArray: style.dash.length ? style.dash.join(" ") : null,
      lineCap: style.dash.length ? "butt" : "round",
      fill: Boolean(style.fill) || hatched,
      fillColor: hatched ? `url(#${pattern(style)})` : style.fill,
      fillOpacity: hatched ? 1 : style.fill_opacity,
      halo: style.halo,
      radius: style.radius,
      symbol: style.symbol,
    };
  };

  const corners = (x, y, radius, count, turn, inner) =>
    Array.from({ length: count }, (_, at) => {
      const angle = turn + (at * 2 * Math.PI) / count;
      const reach = inner && at % 2 ? radius * inner : radius;
      return `${(x + reach * Math.sin(angle)).toFixed(2)} ${(y - reach * Math.cos(angle)).toFixed(2)}`;
    });

  /* The outline of a point symbol round (x, y) as an SVG path. */
  kit.symbolPath = function (symbol, x, y, radius) {
    if (symbol === "circle") {
      const arc = `a${radius},${radius} 0 1,0 `;
      return `M${x - radius},${y}${arc}${2 * radius},0${arc}${-2 * radius},0z`;
    }
    const rings = {
      square: () => corners(x, y, radius * 1.2, 4, Math.PI / 4),
      diamond: () => corners(x, y, radius * 1.2, 4, 0),
      triangle: () => corners(x, y, radius * 1.2, 3, 0),
      star: () => corners(x, y, radius * 1.15, 10, 0, 0.42),
    };
    return "M" + rings[symbol]().join("L") + "Z";
  };

  /* A wider, softer line under a shape: a glow that leaves what lies under a clear fill as it is. */
  const haloLook = (colour, width) => ({
    class: "plan-halo", fill: "none", stroke: colour, "stroke-width": width + 5, "stroke-linejoin": "round",
  });

  /* Leaflet's SVG renderer with halos and point symbols. */
  kit.Renderer = L.SVG.extend({
    // Leaflet draws a path between these two: a halo made later would stay without a shape.
    _initPath(layer) {
      if (layer.options.halo) layer._halo = kit.svg("path", haloLook(layer.options.halo, layer.options.weight));
      L.SVG.prototype._initPath.call(this, layer);
    },
    _addPath(layer) {
      if (!this._rootGroup) this._initContainer();
      if (layer._halo) this._rootGroup.append(layer._halo);
      L.SVG.prototype._addPath.call(this, layer);
    },
    _removePath(layer) {
      if (layer._halo) layer._halo.remove();
      L.SVG.prototype._removePath.call(this, layer);
    },
    _setPath(layer, path) {
      if (layer._halo) layer._halo.setAttribute("d", path);
      L.SVG.prototype._setPath.call(this, layer, path);
    },
    _updatePlanSymbol(layer) {
      const { x, y } = layer._point;
      this._setPath(layer, layer._empty() ? "M0 0" : kit.symbolPath(layer.options.symbol, x, y, layer._radius));
    },
  });

  /* A point drawn as a symbol of its class. */
  kit.SymbolMarker = L.CircleMarker.extend({
    _updatePath() {
      this._renderer._updatePlanSymbol(this);
    },
  });

  /* A small picture of a class, painted by the same options as the map. */
  kit.swatch = function (style, shape) {
    const paint = kit.pathOptions(style);
    const high = shape === "point" ? Math.max(18, 2.4 * style.radius + 4) : 18;
    const outlines = {
      polygon: "M4 4H30V14H4Z",
      line: "M2 9H32",
      point: kit.symbolPath(style.symbol, 17, high / 2, style.radius),
    };
    const filled = paint.fill && shape !== "line";
    return kit.svg("svg", { class: "plan-swatch", width: 34, height: high, viewBox: `0 0 34 ${high}`, "aria-hidden": "true" },
      paint.halo && kit.svg("path", { d: outlines[shape], ...haloLook(paint.halo, paint.weight) }),
      kit.svg("path", {
        d: outlines[shape],
        fill: filled ? paint.fillColor : "none", "fill-opacity": filled ? paint.fillOpacity : null,
        stroke: paint.stroke ? paint.color : "none", "stroke-width": paint.weight,
        "stroke-dasharray": paint.dashArray, "stroke-linecap": paint.lineCap,
      }));
  };

  /* Keep clicks, wheel and pointer on a piece of furniture from reaching the map below. */
  kit.shield = function (plan, node) {
    L.DomEvent.disableClickPropagation(node);
    L.DomEvent.disableScrollPropagation(node);
    L.DomEvent.on(node, "mousemove", L.DomEvent.stopPropagation);
    node.addEventListener("mouseenter", () => plan.hush());
    return node;
  };

  /* A line drawing for a button. */
  kit.icon = (path) =>
    kit.svg("svg", { class: "plan-icon", viewBox: "0 0 20 20", width: 18, height: 18, "aria-hidden": "true" },
      kit.svg("path", { d: path, fill: "none", stroke: "currentColor", "stroke-width": 1.7, "stroke-linejoin": "round", "stroke-linecap": "round" }));

  kit.words = {
    legend: { zh: "图例", en: "Legend" },
    search: { zh: "搜索地名、要素", en: "Search names" },
    nothing: { zh: "没有找到", en: "Nothing found" },
    views: { zh: "专题", en: "Views" },
    language: { zh: "语言", en: "Language" },
    list: { zh: "逐条列出", en: "List" },
    more: { zh: "其余见数据库", en: "The rest is in the database" },
    about: { zh: "关于本图", en: "About this map" },
    versions: { zh: "版本与校验值", en: "Versions and hashes" },
    illustrative: { zh: "示意图 · 不具法律效力", en: "Illustrative, not legally binding" },
    approval: { zh: "审图号：", en: "Map approval No. " },
    pending: { zh: "（待审）", en: "(pending)" },
    compiler: { zh: "编制单位：", en: "Compiled by " },
    zoomIn: { zh: "放大", en: "Zoom in" },
    zoomOut: { zh: "缩小", en: "Zoom out" },
    home: { zh: "全图", en: "Whole territory" },
    fullscreen: { zh: "全屏", en: "Full screen" },
    distance: { zh: "量距离", en: "Measure distance" },
    area: { zh: "量面积", en: "Measure area" },
    distanceIs: { zh: "距离", en: "Distance" },
    areaIs: { zh: "面积", en: "Area" },
    perimeter: { zh: "周长", en: "Perimeter" },
    ellipsoid: { zh: "CGCS2000 椭球", en: "CGCS2000 ellipsoid" },
    measureHint: { zh: "点击加点，双击结束，Esc 取消", en: "Click to add, double-click to end, Esc to cancel" },
    alsoHere: { zh: "此处还有", en: "Also here" },
    tooOld: { zh: "此浏览器版本过旧，无法打开本图；请用 2023 年以后的版本。", en: "This browser is too old for this map; use one from 2023 or later." },
    yes: { zh: "是", en: "Yes" },
    no: { zh: "否", en: "No" },
    unnamed: { zh: "（无名称）", en: "(no name)" },
  };
})(SpatialMap);
