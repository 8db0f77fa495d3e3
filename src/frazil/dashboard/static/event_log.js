// Every record, newest first, a page at a time.

import { element, section } from "./dom.js";
import { duration, instant } from "./time.js";

const PAGE = 100;
const SILENT = ["rule", "evidence", "deadline_at", "next_deadline_at", "priority"];

export class EventLog {
  #session;
  #list = element("ol", { class: "log" });
  #more = element("button", { onclick: () => this.#showMore() }, "Older events");
  #layer = element("select", { id: "layer", onchange: () => this.#choose() });
  #length = PAGE;
  #drawn = "";

  constructor(session) {
    this.#session = session;
    const label = element("label", { for: "layer" }, "Layer ");
    this.element = section("Events", element("p", {}, label, this.#layer), this.#list, this.#more);
    this.#layer.append(element("option", { value: "" }, "all"));
  }

  draw() {
    this.#offerLayers();
    const records = this.#records();
    const last = records.at(-1);
    const shape = `${this.#layer.value} ${this.#length} ${records.length} ${last?.key} ${last?.count}`;
    if (shape === this.#drawn) return;
    this.#drawn = shape;
    const shown = records.slice(-this.#length).reverse();
    this.#list.replaceChildren(...shown.map((each) => this.#line(each)));
    this.#more.hidden = shown.length === records.length;
  }

  #records() {
    const layer = this.#layer.value;
    const { records } = this.#session;
    return layer === "" ? records : records.filter((each) => each.layer === layer);
  }

  #line({ at, layer, event, count, facts }) {
    const meaning = this.#session.meanings[`${layer} ${event}`] ?? "";
    return element("li", {},
      element("time", {}, instant(at - this.#session.beganAt)),
      element("span", { class: "layer" }, layer),
      element("span", { class: "event", title: meaning }, event, count > 1 ? ` ×${count}` : ""),
      element("span", { class: "facts" }, tell(facts)));
  }

  #offerLayers() {
    const known = new Set([...this.#layer.options].map((each) => each.value));
    for (const layer of new Set(this.#session.records.map((each) => each.layer))) {
      if (!known.has(layer)) this.#layer.append(element("option", { value: layer }, layer));
    }
  }

  #choose() {
    this.#length = PAGE;
    this.draw();
  }

  #showMore() {
    this.#length += PAGE;
    this.draw();
  }
}

/** The facts of a record in a line; a move first. */
function tell({ machine, old, new: state, ...others }) {
  const move = state === undefined ? [] : [`${machine ? `${machine}: ` : ""}${old} → ${state}`];
  const facts = Object.entries(others)
    .filter(([name, value]) => !SILENT.includes(name) && value !== null && value !== "")
    .map(([name, value]) => (name === "text" ? value : `${nameOf(name)} ${say(name, value)}`));
  return [...move, ...facts].join(" · ");
}

function nameOf(fact) {
  return fact.replace(/_s$/, "").replaceAll("_", " ");
}

function say(name, value) {
  if (typeof value !== "number") return String(value).replace("->", " → ");
  return name.endsWith("_s") ? duration(value) : String(value);
}
