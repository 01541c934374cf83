/* Why a cell has its class: the steps that its case went through, from a table that the page holds. Text nodes only.

   A digest's header holds `sections`, one a layer in the order in which they were made: title, column of the layer's
   grade, words (code to text), steps [{action, label, inputs [{title, column, kind, words}], result, words, truth,
   rule, value, source, confidence}]. Its arrays t0, t1 … are the table's columns; a cell's case is a row of them. */
"use strict";

(function (kit) {
  const DECIMALS = 5;

  Object.assign(kit.words, {
    reasons: { zh: "为什么是这一类", en: "Why this class" },
    absent: { zh: "缺失", en: "missing" },
    skipped: { zh: "缺数据、未参与", en: "Left out for lack of data" },
    ruleSource: { zh: "来源", en: "Source" },
    trust: { zh: "可信度", en: "Confidence" },
    moved: { zh: "不变", en: "unchanged" },
    exact: { zh: "因子的精确数值：", en: "Exact values of factors:" },
    middleCell: { zh: "这里说的是显示栅格正中的一格。", en: "This is the middle cell of the square shown." },
  });

  class Reasons {
    constructor(plan, item) {
      const { digest, cells } = item.layer.store;
      Object.assign(this, { plan, item, header: digest.header });
      const row = cells.cells[item.cell];
      this.code = (column) => (column === null || column === undefined ? null : digest.arrays["t" + column][row]);
    }

    say(text) {
      return kit.pick(text, this.plan.language);
    }

    /* A grade or class with its name; 0 is missing, except of what holds or does not. */
    name(code, words, truth) {
      if (code === null) return "";
      if (truth) return this.plan.word(code ? "yes" : "no");
      if (!code) return this.plan.word("absent");
      const word = words[code] && this.say(words[code]);
      return word && word !== String(code) ? `${code} ${word}` : String(code);
    }

    input({ title, column, kind, words }) {
      const text = this.say(title);
      if (kind === "absent") return `${text} ${this.plan.word("absent")}`;
      const code = this.code(column);
      if (kind === "interval") return `${text} ${code ? this.say(words[code]) : this.plan.word("absent")}`;
      return column === null ? text : `${text} ${this.name(code, words, kind === "truth")}`;
    }

    step(step) {
      const same = step.inputs.find((one) => one.kind === "code" && one.column === step.result);
      const kept = same && ["correct", "forbid"].includes(step.action);
      const label = step.label ? this.say(step.label) : "";
      const told = step.inputs.map((one) => this.input(one)).join(this.plan.language === "en" ? ", " : "，");
      const made = kept ? this.plan.word("moved") : this.name(this.code(step.result), step.words, step.truth);
      const rows = [
        kit.node("div", {}, kit.node("span", { class: "plan-kind" }, this.say(step.action) + (label ? " · " : "")), label),
        kit.node("div", { class: "plan-made" }, `${told} → `, kit.node("strong", {}, made)),
      ];
      if (step.rule) {
        rows.push(kit.node("details", { class: "plan-rule" },
          kit.node("summary", {}, step.rule),
          kit.node("div", {}, step.value),
          kit.node("div", {}, `${this.plan.word("ruleSource")}: ${step.source}`),
          kit.node("div", {}, `${this.plan.word("trust")}: ${this.say(step.confidence)}`)));
      }
      return kit.node("li", {}, rows);
    }

    section({ title, column, words, steps }) {
      const done = steps.filter((step) => step.result !== null);
      const head = [kit.node("span", {}, this.say(title)), kit.node("strong", {}, this.name(this.code(column), words, false))];
      return kit.node("details", { class: "plan-section" }, kit.node("summary", {}, head), kit.node("ol", {}, done.map((step) => this.step(step))));
    }

    /* Steps that the plan gives no data for, each named once. */
    skipped(sections) {
      const names = sections.flatMap(({ steps }) => steps)
        .filter((step) => step.result === null)
        .flatMap((step) => step.inputs.filter((one) => one.kind === "absent").map((one) => this.say(one.title)));
      return [...new Set(names)];
    }

    build() {
      const { lat, lng } = this.position();
      const all = this.header.sections;
      const last = all.findIndex(({ layer }) => layer === this.item.layer.key);
      const sections = all.slice(0, last + 1);
      const lacking = this.skipped(sections);
      return kit.node("div", { class: "plan-reasons" },
        kit.node("div", { class: "plan-also" }, this.plan.word("reasons")),
        sections.map((section) => this.section(section)),
        lacking.length ? kit.node("p", { class: "plan-hint" }, `${this.plan.word("skipped")}: ${lacking.join(this.plan.language === "en" ? "; " : "；")}`) : null,
        this.header.every > 1 ? kit.node("p", { class: "plan-hint" }, this.plan.word("middleCell")) : null,
        kit.node("p", { class: "plan-hint" }, this.plan.word("exact"), " ",
          kit.node("code", {}, `spatial explain ${this.header.plan} --at ${lng.toFixed(DECIMALS)},${lat.toFixed(DECIMALS)}`)));
    }

    position() {
      const [lng, lat] = this.item.feature.anchors[0];
      return { lng, lat };
    }
  }

  /* What a popup tells of an item beside its columns: of a cell that can be explained, why it has its class. */
  kit.reasonsOf = (plan, item) => (item.layer.store?.digest ? new Reasons(plan, item).build() : null);
})(SpatialMap);
