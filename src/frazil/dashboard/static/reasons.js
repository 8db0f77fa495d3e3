// Every change of a state with its reason, rule and evidence.

import { momentsOf, shortName } from "./change.js";
import { element, section } from "./dom.js";
import { badge } from "./state.js";
import { duration, instant } from "./time.js";

const PAGE = 250; // moments

export class Reasons {
  #session;
  #list = element("ol", { class: "moments" });
  #more = element("button", { onclick: () => this.#showMore() }, "Older changes");
  #nothing = element("p", { class: "quiet" }, "Nothing has changed yet.");
  #moments = new Map();
  #length = PAGE;

  constructor(session) {
    this.#session = session;
    this.element = section("Changes and their reasons", this.#nothing, this.#more, this.#list);
  }

  draw() {
    const all = momentsOf(this.#session);
    const moments = all.slice(-this.#length);
    this.#more.hidden = moments.length === all.length;
    for (const moment of moments) {
      const drawn = this.#moments.get(moment.key);
      if (drawn && drawn.length === moment.changes.length) continue;
      const item = this.#item(moment);
      if (drawn) drawn.item.replaceWith(item);
      else this.#list.append(item);
      this.#moments.set(moment.key, { item, length: moment.changes.length });
    }
    while (this.#moments.size > moments.length) this.#forgetOldest();
    this.#nothing.hidden = moments.length > 0;
  }

  #forgetOldest() {
    const [key, { item }] = this.#moments.entries().next().value;
    item.remove();
    this.#moments.delete(key);
  }

  #showMore() {
    this.#length += PAGE;
    this.#moments.clear();
    this.#list.replaceChildren();
    this.draw();
  }

  /** Brings the moment of a record into view. */
  show(record) {
    const moment = momentsOf(this.#session).findLast((each) => each.at <= record.at);
    const item = moment && this.#moments.get(moment.key)?.item;
    if (!item) return;
    item.scrollIntoView({ block: "center" });
    item.querySelector("summary").focus();
  }

  #item({ at, text, changes }) {
    const began = this.#session.beganAt;
    return element("li", {}, element("details", {},
      element("summary", {},
        element("time", {}, instant(at - began)),
        element("span", { class: "what" }, text),
        element("span", { class: "moves" }, changes.filter(isShown).map(move))),
      changes.map((change) => facts(change, began))));
  }
}

function isShown({ facts: { machine } }, _, changes) {
  const aggregate = { "ice-transport 0": "ice-connection", "ice-gatherer 0": "ice-gathering" }[machine];
  return !changes.some((each) => each.facts.machine === aggregate);
}

function move({ facts: { machine, old, new: state } }) {
  return element("span", { class: "move" },
    element("span", { class: "machine" }, shortName(machine)),
    element("span", { class: "quiet" }, ` ${old} → `), badge(state));
}

function facts({ at, facts: { machine, old, new: state, cause, rule, evidence, deadline_at: deadline,
  next_deadline_at: next } }, began) {
  const rows = [
    ["rule", rule], ["cause", cause],
    ["deadline that passed", deadline === null ? "" : instant(deadline - began)],
    ["judged again", next === null ? "" : `after ${duration(next - at)}, if nothing else happens`],
    ...Object.entries(evidence ?? {}).map(([name, value]) => [name.replace(/_s$/, "").replaceAll("_", " "),
      name.endsWith("_s") && typeof value === "number" ? duration(value) : String(value)]),
  ].filter(([, value]) => value !== "" && value !== null);
  return element("div", { class: "evidence" },
    element("h3", {}, `${machine}: ${old} → ${state}`),
    element("dl", {}, rows.map(([name, value]) =>
      element("div", {}, element("dt", {}, name), element("dd", {}, value)))));
}
