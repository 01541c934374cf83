/* The printed sheet: title above, map, legend of what is drawn below it; afterwards the screen as it was. */
"use strict";

(function (kit) {
  class Sheet {
    constructor(plan) {
      this.plan = plan;
      this.container = plan.map.getContainer();
      window.addEventListener("beforeprint", () => this.begin());
      window.addEventListener("afterprint", () => this.end());
    }

    begin() {
      const { map, config } = this.plan;
      if (this.plan.printing) return;
      const view = map.getBounds();
      const bounds = config.bounds;
      const whole = !bounds || view.contains([[bounds[1], bounds[0]], [bounds[3], bounds[2]]]);
      this.before = { centre: map.getCenter(), zoom: map.getZoom() };
      // A closed group would leave drawn layers without a legend.
      this.opened = [...this.container.querySelectorAll(".plan-group[data-group]:not([open])")];
      this.opened.forEach((group) => { group.open = true; });
      this.plan.printing = true;
      this.container.classList.add("plan-printing");
      const panel = this.container.querySelector(".plan-panel");
      this.container.style.setProperty("--plan-legend", panel.offsetHeight + "px");
      map.invalidateSize({ animate: false, pan: false });
      if (whole) this.plan.fit();
      else this.plan.fitTo([view.getWest(), view.getSouth(), view.getEast(), view.getNorth()], false, map.getMaxZoom());
    }

    end() {
      if (!this.plan.printing) return;
      const { map } = this.plan;
      this.plan.printing = false;
      this.container.classList.remove("plan-printing");
      this.opened.forEach((group) => { group.open = false; });
      map.invalidateSize({ animate: false, pan: false });
      map.setView(this.before.centre, this.before.zoom, { animate: false });
    }
  }

  kit.addPrint = (plan) => new Sheet(plan);
})(SpatialMap);
