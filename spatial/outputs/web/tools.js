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
    swipe: "M10 3V17M7 7L4 10L7 13M13 7L16 10L13 13",
    print: "M6 8V3H14V8M6 14H3V8H17V14H14M6 12H14V17H6Z",
  };
  const CODES = { zoomIn: "zoom-in", zoomOut: "zoom-out", home: "home", fullscreen: "fullscreen", distance: "distance", area: "area", swipe: "swipe", print: "print" };

  Object.assign(kit.words, { tools: { zh: "工具", en: "Tools" } });

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
      swipe: () => (plan.swipe.on ? plan.swipe.end() : plan.swipe.begin(...plan.swipe.suggest())),
      print: (event) => plan.sheet.ask(event.currentTarget),
    };
    const pressed = { distance: () => ruler.kind === "distance", area: () => ruler.kind === "area", swipe: () => plan.swipe.on };
    const buttons = Object.entries(acts).map(([name, act]) => {
      const button = kit.node("button", { type: "button", "data-tool": CODES[name], click: act }, kit.icon(ICONS[name]));
      plan.onChange(() => {
        button.title = plan.word(name);
        button.setAttribute("aria-label", plan.word(name));
        if (name === "swipe") button.hidden = plan.swipe.choices.size < 2;
        if (pressed[name]) button.setAttribute("aria-pressed", String(pressed[name]()));
      });
      return button;
    });
    plan.onChange(() => ruler.show());
    const bar = kit.node("div", { class: "plan-buttons", role: "toolbar" }, buttons);
    plan.onChange(() => bar.setAttribute("aria-label", plan.word("tools")));
    const column = kit.node("div", { class: "plan-tools" }, bar, output);
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
    L.control.scale({ position: "bottomleft", imperial: false, maxWidth: 160 }).addTo(plan.map);
  }

  /* Esc closes one thing at a time: the popup, then what `plan.closers` holds, of the highest rank first. */
  function addEscape(plan) {
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      if (document.querySelector(".leaflet-popup")) plan.map.closePopup();
      else [...plan.closers].sort((one, other) => other.rank - one.rank).some(({ close }) => close());
    });
  }

  kit.addTools = function (plan) {
    plan.map.getContainer().classList.toggle("plan-offline", !plan.config.basemap);
    addTitle(plan);
    addButtons(plan);
    addFoot(plan);
    kit.addPosition(plan);
    addEscape(plan);
  };
})(SpatialMap);
