/* The printed sheet: title, map at a round scale, legend of what is drawn; afterwards the screen as it was. */
"use strict";

(function (kit) {
  const PAPERS = { A4: [210, 297], A3: [297, 420] };
  const MARGIN = 10;
  const SLACK = 3;
  const COLUMN_MM = 68;
  const GAP = 16;
  const FOOT = 64;
  const PIXEL_M = 0.0254 / 96;
  const EQUATOR_M = 2 * Math.PI * 6378137;
  const ROUND = [1, 1.25, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7.5, 10];

  Object.assign(kit.words, {
    print: { zh: "打印", en: "Print" },
    paper: { zh: "纸张", en: "Paper" },
    toPrinter: { zh: "打印或存为 PDF…", en: "Print or save as PDF…" },
    ratio: { zh: "比例尺约", en: "Scale about" },
    atMiddle: { zh: "图幅中部", en: "mid-map" },
  });

  /* The least round denominator that is not below one. */
  function roundUp(denominator) {
    const ten = 10 ** Math.floor(Math.log10(denominator));
    return ten * ROUND.find((one) => one * ten >= denominator * (1 - 1e-9));
  }

  class Sheet {
    constructor(plan) {
      this.plan = plan;
      this.container = plan.map.getContainer();
      this.paper = "A4";
      this.rule = kit.node("style", {});
      document.head.append(this.rule);
      this._addRatio();
      this._addImprint();
      window.addEventListener("beforeprint", () => this.begin());
      window.addEventListener("afterprint", () => this.end());
    }

    _addRatio() {
      const control = L.control({ position: "bottomleft" });
      this.ratio = kit.node("div", { class: "plan-ratio" });
      control.onAdd = () => this.ratio;
      control.addTo(this.plan.map);
    }

    /* What a sheet must say when it has left the page: data, systems, date. In one language, to stay short. */
    _addImprint() {
      this.imprint = kit.node("p", { class: "plan-imprint" });
      const { about, basemap } = this.plan.config;
      this.plan.onChange(() => {
        const say = (text) => kit.pick(text, this._language());
        this.imprint.replaceChildren([
          ...about.map(([head, text]) => `${say(head)}: ${say(text)}`),
          ...(basemap ? [`${say(kit.words.basemap)}: ${basemap.credit}`] : []),
        ].join("  ·  "));
      });
      this.container.append(this.imprint);
    }

    _language() {
      return this.plan.language === "both" ? "zh" : this.plan.language;
    }

    /* The small menu behind the button: which paper, and go. */
    ask(button) {
      if (this.menu) return this.close();
      const papers = Object.keys(PAPERS).map((paper) => kit.node("label", {},
        kit.node("input", { type: "radio", name: "plan-paper", value: paper, checked: paper === this.paper, change: () => { this.paper = paper; } }), paper));
      const go = kit.node("button", { type: "button", class: "plan-go", click: () => { this.close(); this._go(); } }, this.plan.word("toPrinter"));
      this.menu = kit.node("div", { class: "plan-print-menu", role: "dialog", "aria-label": this.plan.word("print") },
        kit.node("fieldset", {}, kit.node("legend", {}, this.plan.word("paper")), papers), go);
      this.button = button;
      button.closest(".plan-tools").append(this.menu);
      this.menu.querySelector("input:checked").focus();
      return true;
    }

    close() {
      if (!this.menu) return false;
      this.menu.remove();
      this.menu = null;
      this.button.focus();
      return true;
    }

    /* Lay out first, so that all pictures are ready when the browser takes the page. */
    async _go() {
      this.begin();
      await Promise.allSettled(this.pictures.map(([, picture]) => picture.decode()));
      window.print();
      if (!window.matchMedia("print").matches) this.end();
    }

    begin() {
      const { map, config } = this.plan;
      if (this.plan.printing) return;
      const view = map.getBounds();
      const { bounds } = config;
      const whole = !bounds || view.contains([[bounds[1], bounds[0]], [bounds[3], bounds[2]]]);
      const shape = whole && bounds ? L.latLngBounds([bounds[1], bounds[0]], [bounds[3], bounds[2]]) : view;
      this.before = { centre: map.getCenter(), zoom: map.getZoom(), snap: map.options.zoomSnap };
      // A closed group would leave drawn layers without a legend.
      this.opened = [...this.container.querySelectorAll(".plan-group[data-group]:not([open])")];
      this.opened.forEach((group) => { group.open = true; });
      this.plan.printing = true;
      map.closePopup();
      this.plan.hush();
      map.options.zoomSnap = 0;
      this.container.classList.add("plan-printing");
      const layouts = [false, true].flatMap((landscape) => [0, 1, 2].map((columns) => this._lay({ landscape, columns }, shape)));
      const best = layouts.reduce((one, other) => (other.zoom > one.zoom ? other : one));
      this._lay(best, shape);
      this._fit(best, shape);
      this._freeze();
    }

    /* Chromium prints a canvas by its drawing commands, out of place and over what lies below it; a picture it prints as it is. */
    _freeze() {
      this.pictures = [...this.container.querySelectorAll(".leaflet-map-pane canvas")].map((canvas) => {
        const picture = kit.node("img", { alt: "", class: "plan-picture", style: canvas.style.cssText, src: canvas.toDataURL() });
        canvas.after(picture);
        canvas.hidden = true;
        return [canvas, picture];
      });
    }

    _thaw() {
      this.pictures.forEach(([canvas, picture]) => {
        canvas.hidden = false;
        picture.remove();
      });
    }

    /* Lay the sheet out one way, and say how large the map would be on it. The legend stands below the map, or
       right of it in one or two columns. */
    _lay({ landscape, columns }, shape) {
      const [short, long] = PAPERS[this.paper];
      const [wide, high] = (landscape ? [long, short] : [short, long]).map((side) => side - 2 * MARGIN);
      const { container } = this;
      const set = (name, value) => container.style.setProperty("--" + name, value);
      this.rule.textContent = `@page { size: ${this.paper} ${landscape ? "landscape" : "portrait"}; margin: ${MARGIN}mm; }`;
      container.dataset.legend = columns ? "right" : "below";
      set("sheet-wide", wide + "mm");
      set("sheet-high", high - SLACK + "mm");
      set("legend-wide", columns * COLUMN_MM + "mm");
      const [panel, title] = [container.querySelector(".plan-panel"), container.querySelector(".plan-title")];
      set("plan-title", title.offsetHeight + "px");
      set("plan-imprint", this.imprint.offsetHeight + "px");
      set("plan-legend", (columns ? 0 : panel.offsetHeight) + this.imprint.offsetHeight + "px");
      const body = container.clientHeight - title.offsetHeight - this.imprint.offsetHeight;
      const room = columns
        ? [container.clientWidth - panel.offsetWidth - 2 * GAP, body - GAP - FOOT]
        : [container.clientWidth - 2 * GAP, body - panel.offsetHeight - GAP - FOOT];
      // A legend longer than the sheet would be cut off.
      const cut = columns && panel.offsetHeight > body;
      const share = cut ? 0 : Math.min(...this._extent(shape).map((need, at) => room[at] / need));
      return { landscape, columns, from: [GAP, title.offsetHeight + GAP], room, zoom: Math.log2(Math.max(1e-9, share)) };
    }

    /* Width and height of bounds in pixels at zoom 0. */
    _extent(shape) {
      const { crs } = this.plan.map.options;
      const [low, high] = [crs.latLngToPoint(shape.getSouthWest(), 0), crs.latLngToPoint(shape.getNorthEast(), 0)];
      return [Math.max(1e-6, high.x - low.x), Math.max(1e-6, low.y - high.y)];
    }

    /* Put the shape into the middle of its room, at a round scale. */
    _fit({ from, room, zoom }, shape) {
      const { map } = this.plan;
      map.invalidateSize({ animate: false, pan: false });
      const centre = map.options.crs.pointToLatLng(
        map.options.crs.latLngToPoint(shape.getSouthWest(), 0).add(map.options.crs.latLngToPoint(shape.getNorthEast(), 0)).divideBy(2), 0);
      const metres = (EQUATOR_M * Math.cos((centre.lat * Math.PI) / 180)) / 256;
      const most = Math.min(zoom, map.getMaxZoom());
      const denominator = roundUp(metres / 2 ** most / PIXEL_M);
      const level = Math.log2(metres / (denominator * PIXEL_M));
      const middle = L.point(from[0] + room[0] / 2, from[1] + room[1] / 2);
      const at = map.project(centre, level).add(map.getSize().divideBy(2)).subtract(middle);
      map.setView(map.unproject(at, level), level, { animate: false });
      const say = (key) => kit.pick(kit.words[key], this._language());
      this.ratio.replaceChildren(`${say("ratio")} 1:${kit.number(denominator, 0)} (${this.paper}, ${say("atMiddle")})`);
    }

    end() {
      if (!this.plan.printing) return;
      const { map } = this.plan;
      this.plan.printing = false;
      this._thaw();
      this.container.classList.remove("plan-printing");
      delete this.container.dataset.legend;
      this.rule.textContent = "";
      this.opened.forEach((group) => { group.open = false; });
      map.options.zoomSnap = this.before.snap;
      map.invalidateSize({ animate: false, pan: false });
      map.setView(this.before.centre, this.before.zoom, { animate: false });
    }
  }

  kit.addPrint = function (plan) {
    plan.sheet = new Sheet(plan);
    plan.closers.push({ rank: 4, close: () => plan.sheet.close() });
  };
})(SpatialMap);
