/* Title, marks and buttons round the map: zoom, whole territory, full screen, measures, scale, position. */
"use strict";

(function (kit) {
  const ICONS = {
    zoomIn: "M10 4V16M4 10H16",
    zoomOut: "M4 10H16",
    home: "M3 10L10 4L17 10M5 9V16H15V9",
    fullscreen: "M4 8V4H8M12 4H16V8M16 12V16H12M8 16H4V12",
    distance: "M3 14L14 3L17 6L6 17ZM6 11L8 13M9 8L11 10M12 5L14 7",
    area: "M4 15L6 4L16 7L14 16Z",
  };
  const CODES = { zoomIn: "zoom-in", zoomOut: "zoom-out", home: "home", fullscreen: "fullscreen", distance: "distance", area: "area" };

  function addTitle(plan) {
    const { title, subtitle, compiler, illustrative } = plan.config;
    const head = kit.node("h1", {});
    const lines = kit.node("div", { class: "plan-lines" });
    plan.onChange(() => {
      head.replaceChildren(...kit.phrase(title, plan.language));
      lines.replaceChildren(
        subtitle ? kit.node("p", {}, plan.language === "both" ? kit.pick(subtitle, "zh") : plan.say(subtitle)) : "",
        compiler ? kit.node("p", {}, plan.language === "both" ? kit.words.compiler.zh + kit.pick(compiler, "zh") : plan.word("compiler") + plan.say(compiler)) : "",
        illustrative ? kit.node("p", { class: "plan-mark" }, kit.phrase(kit.words.illustrative, plan.language)) : "");
      document.title = plan.say(title);
    });
    const north = kit.svg("svg", { class: "plan-north", viewBox: "0 0 24 40", width: 24, height: 40, role: "img", "aria-label": "N" },
      kit.svg("path", { d: "M12 12L19 34L12 29Z", fill: "#ffffff", stroke: "#2f3a40", "stroke-linejoin": "round" }),
      kit.svg("path", { d: "M12 12L5 34L12 29Z", fill: "#2f3a40", stroke: "#2f3a40", "stroke-linejoin": "round" }),
      kit.svg("text", { x: 12, y: 9, "text-anchor": "middle", "font-size": 10, "font-weight": 700, fill: "#2f3a40" }, "N"));
    const block = kit.node("header", { class: "plan-title" }, kit.node("div", {}, head, lines), north);
    plan.map.getContainer().append(kit.shield(plan, block));
  }

  function addButtons(plan) {
    const output = kit.node("output", { class: "plan-measured", hidden: true, "aria-live": "polite" });
    const ruler = new kit.Ruler(plan, output);
    const container = plan.map.getContainer();
    const acts = {
      zoomIn: () => plan.map.zoomIn(),
      zoomOut: () => plan.map.zoomOut(),
      home: () => plan.fit(),
      fullscreen: () => (document.fullscreenElement ? document.exitFullscreen() : container.requestFullscreen()),
      distance: () => ruler.begin("distance"),
      area: () => ruler.begin("area"),
    };
    const buttons = Object.entries(acts).map(([name, act]) => {
      const button = kit.node("button", { type: "button", "data-tool": CODES[name], click: act }, kit.icon(ICONS[name]));
      plan.onChange(() => {
        button.title = plan.word(name);
        button.setAttribute("aria-label", plan.word(name));
      });
      return button;
    });
    plan.onChange(() => ruler.show());
    const column = kit.node("div", { class: "plan-tools" }, kit.node("div", { class: "plan-buttons", role: "toolbar" }, buttons), output);
    container.append(kit.shield(plan, column));
  }

  function addFoot(plan) {
    const approval = L.control({ position: "bottomleft" });
    approval.onAdd = () => {
      const note = kit.node("div", { class: "plan-approval" });
      const number = plan.config.approval_number;
      plan.onChange(() => note.replaceChildren(plan.language === "both"
        ? kit.words.approval.zh + (number || kit.words.pending.zh)
        : plan.word("approval") + (number || plan.word("pending"))));
      return note;
    };
    approval.addTo(plan.map);
    L.control.scale({ position: "bottomleft", imperial: false, maxWidth: 140 }).addTo(plan.map);
  }

  function addPosition(plan) {
    const position = L.control({ position: "bottomright" });
    const note = kit.node("div", { class: "plan-position" }, "CGCS2000");
    position.onAdd = () => note;
    position.addTo(plan.map);
    const write = (degrees, positive, negative) => Math.abs(degrees).toFixed(5) + "°" + (degrees < 0 ? negative : positive);
    plan.map.on("mousemove", ({ latlng }) => {
      const { lng, lat } = latlng.wrap();
      note.textContent = `${write(lng, "E", "W")}  ${write(lat, "N", "S")}  CGCS2000`;
    });
  }

  kit.addTools = function (plan) {
    addTitle(plan);
    addButtons(plan);
    addFoot(plan);
    addPosition(plan);
  };
})(SpatialMap);
