// States, the pair in use and the candidates over one axis of time.

import { lanesOf, shortName } from "./change.js";
import { drawing, element, section } from "./dom.js";
import { pairsInUse, silencesOf } from "./pair.js";
import { eventScale, linearScale } from "./scale.js";
import { meaning } from "./state.js";
import { duration, instant, roundInstant } from "./time.js";

const RIM = 10; // pixels for half a mark at both ends
const ZOOMS = [1, 3, 10, 30];
const LANE = 26;
const BAR = 20;
const CHARACTER = 6.7; // pixels, about
const TICK = 74;
const WEIGHTS = { late: 1, lost: 2 }; // however short, these are seen
const CALLS = ["setLocalDescription", "setRemoteDescription", "restartIce", "close"];

export class Timeline {
  #session;
  #names = element("div", { class: "names", "aria-hidden": "true" });
  #chart = element("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Timeline" });
  #legend = element("p", { class: "legend" });
  #zoom = 1;
  #isToScale = false;
  #onMoment;

  /** `onMoment` is called with the record of a change that was clicked. */
  constructor(session, onMoment) {
    this.#session = session;
    this.#onMoment = onMoment;
    const figure = element("div", { class: "figure" }, this.#names, this.#chart);
    this.element = section("Timeline", this.#choice(), figure, this.#legend);
    new ResizeObserver(() => this.draw()).observe(this.#chart);
  }

  draw() {
    const width = (this.#chart.clientWidth - RIM) * this.#zoom;
    if (width <= 60) return;
    const lanes = this.#lanes();
    const scale = this.#scale(width, lanes);
    const height = lanes.length * LANE + 22;
    const svg = drawing("svg", {
      width: width + RIM, height, role: "img", "aria-label": this.#summary(lanes),
    });
    svg.append(...this.#grid(scale, height));
    lanes.forEach((lane, index) => {
      const row = drawing("g", { transform: `translate(0 ${index * LANE})` });
      row.append(...(lane.marks ? this.#marks(lane, scale) : this.#spans(lane, scale)));
      svg.append(row);
    });
    this.#chart.replaceChildren(svg);
    this.#names.replaceChildren(...lanes.map((lane) => element("div", {}, lane.name)));
    this.#legend.replaceChildren(...typesOf(lanes).map((type) =>
      element("span", { class: `dot ${type}` }, type)));
  }

  #lanes() {
    const session = this.#session;
    const states = lanesOf(session).map(({ machine, spans }) => ({
      name: shortName(machine),
      spans: spans.map((span) => ({ ...span, kind: meaning(span.state), text: span.state })),
    }));
    const used = { name: "pair in use", spans: pairsInUse(session) };
    const silence = { name: "silence", spans: silencesOf(session) };
    const marks = (name, records) => ({ name, marks: records });
    const calls = session.of("api", "called").filter(({ facts }) => CALLS.includes(facts.method));
    return [
      ...states,
      ...[used, silence].filter((lane) => lane.spans.length > 0),
      marks("our candidates", session.of("ice", "local-candidate")),
      marks("their candidates", session.of("ice", "remote-candidate")),
      marks("calls", calls),
    ].filter((lane) => lane.spans || lane.marks.length > 0);
  }

  #scale(width, lanes) {
    const { beganAt, view } = this.#session;
    if (this.#isToScale) return linearScale(beganAt, view.now, width);
    const instants = lanes.flatMap((lane) => lane.spans?.map((each) => each.from)
      ?? lane.marks.map((each) => each.at));
    return eventScale([beganAt, ...instants, view.now], width);
  }

  #grid(scale, height) {
    const { beganAt } = this.#session;
    const say = this.#isToScale ? roundInstant : instant;
    return scale.ticks(TICK).flatMap((at) => {
      const x = RIM / 2 + scale.x(at);
      return [
        drawing("line", { class: "grid", x1: x, x2: x, y1: 0, y2: height - 18 }),
        drawing("text", { class: "tick", x, y: height - 4 }, say(at - beganAt)),
      ];
    });
  }

  #spans({ name, spans }, scale) {
    return [...spans].sort(byWeight).map(({ from, until, kind, text, record }) => {
      const x = RIM / 2 + scale.x(from);
      const width = Math.max(3, RIM / 2 + scale.x(until) - x - 1);
      const length = duration(until - from);
      const title = `${name}: ${text} for ${length}${record?.facts.text ? `\n${record.facts.text}` : ""}`;
      const group = drawing("g", { class: `span ${kind}${record ? " known" : ""}` },
        drawing("title", {}, title),
        drawing("rect", { x, y: 0, width, height: BAR, rx: 3 }));
      if (width > text.length * CHARACTER + 10) {
        group.append(drawing("text", { x: x + 6, y: 14 }, text));
      }
      if (record) group.addEventListener("click", () => this.#onMoment(record));
      return group;
    });
  }

  #marks({ marks }, scale) {
    return marks.map(({ at, facts }) => drawing("g", { class: `mark ${facts.type ?? "call"}` },
      drawing("title", {}, Object.values(facts).filter((each) => typeof each === "string").join(" ")),
      drawing("circle", { cx: RIM / 2 + scale.x(at), cy: BAR / 2, r: 4.5 })));
  }

  #summary(lanes) {
    const states = lanes.filter((each) => each.spans)
      .map(({ name, spans }) => `${name}: ${spans.map((each) => each.text).join(", ")}`);
    return `States over time. ${states.join(". ")}. The table of changes says the same with reasons.`;
  }

  #choice() {
    const radio = (label, isToScale) => element("label", {},
      element("input", {
        type: "radio", name: "axis", checked: !isToScale,
        onchange: () => {
          this.#isToScale = isToScale;
          this.draw();
        },
      }), label);
    return element("fieldset", { class: "choice" }, element("legend", {}, "Time"),
      radio("by events: long pauses are drawn short", false), radio("to scale", true),
      element("label", {}, "Zoom ", element("select", {
        onchange: ({ target }) => {
          this.#zoom = Number(target.value);
          this.draw();
        },
      }, ZOOMS.map((each) => element("option", { value: each }, `${each}×`)))));
  }
}

function byWeight(a, b) {
  return (WEIGHTS[a.kind] ?? 0) - (WEIGHTS[b.kind] ?? 0);
}

/** What the colours of the marks mean. */
function typesOf(lanes) {
  const marks = lanes.flatMap((lane) => lane.marks ?? []);
  return [...new Set(marks.map(({ facts }) => facts.type ?? "call"))];
}
