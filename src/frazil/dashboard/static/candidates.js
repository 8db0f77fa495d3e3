// Every candidate of both sides, and what gave none.

import { element, table } from "./dom.js";
import { instant } from "./time.js";

const SIDES = {
  "local-candidate": "ours", "remote-candidate": "theirs", "candidate-refused": "theirs",
  "server-failed": "ours", "host-failed": "ours",
};

export class Candidates {
  #session;
  #summary = element("summary", {});
  #body = element("div", {});
  #count = -1;

  constructor(session) {
    this.#session = session;
    this.element = element("details", { class: "candidates" }, this.#summary, this.#body);
  }

  draw() {
    const records = this.#session.of("ice", ...Object.keys(SIDES));
    if (records.length === this.#count) return;
    this.#count = records.length;
    this.#summary.textContent = `Candidates (${records.length})`;
    this.#body.replaceChildren(table("Candidates", ["side", "type", "address", "came", "remark"],
      records.map((each) => rowOf(each, this.#session.beganAt))));
  }
}

function rowOf({ at, event, facts }, began) {
  const type = [facts.type ?? "none", facts.protocol === "tcp" ? "tcp" : ""].join(" ").trim();
  const address = element("code", {}, facts.address ?? facts.url);
  return [SIDES[event], type, address, instant(at - began), remarkOf(event, facts)];
}

function remarkOf(event, { why, text, code, resolved }) {
  if (event === "candidate-refused") return `refused: ${why}`;
  if (event.endsWith("-failed")) return code ? `${code}: ${text}` : text;
  return resolved === false ? "a name, without an address at first" : "";
}
