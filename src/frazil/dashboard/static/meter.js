// What runs out: consent of the peer, and what relays keep for us.

import { consentOf } from "./consent.js";
import { element, section, table } from "./dom.js";
import { relaysOf } from "./relay.js";
import { duration } from "./time.js";

export class Meters {
  #session;
  #body = element("div", { class: "meters" });

  constructor(session) {
    this.#session = session;
    this.element = section("Consent and relays", this.#body);
  }

  draw() {
    const relays = relaysOf(this.#session);
    this.#body.replaceChildren(consent(consentOf(this.#session)), ...(relays.length === 0
      ? [element("p", { class: "quiet" }, "No relay is in use.")]
      : [table("Relays", ["kept by a server", "for", "runs out"],
        relays.map((each) => [each.kind, each.name, remaining(each, this.#session.view.now)]))]));
  }
}

function consent(found) {
  if (!found) return element("p", {}, "There is no consent to send: no pair is in use.");
  const { left, limit, age, pair } = found;
  const text = left > 0
    ? `for another ${duration(Math.round(left))}; renewed ${ago(age)}`
    : `ran out: nothing is sent any more; last renewed ${ago(age)}`;
  return element("div", {},
    element("p", {}, "The peer lets us send ", element("b", {}, text), "."),
    bar("Consent of the peer", left, limit, text),
    element("p", { class: "quiet small" }, pair.replace("->", " → ")));
}

function remaining({ at, lifetime }, now) {
  const left = at + lifetime - now;
  const text = left > 0 ? `in ${duration(Math.round(left))}` : "has run out";
  return element("div", { class: "remaining" }, element("span", {}, text),
    bar("Remaining time", Math.max(0, left), lifetime, text));
}

function bar(label, left, limit, text) {
  const kind = left > limit * 0.5 ? "well" : left > limit * 0.2 ? "moving" : "late";
  const fill = element("div", { class: kind });
  fill.style.width = `${Math.min(1, left / limit) * 100}%`;
  return element("div", {
    class: "bar", role: "meter", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": limit,
    "aria-valuenow": Math.round(left), "aria-valuetext": text,
  }, fill);
}

function ago(seconds) {
  return seconds < 1 ? "just now" : `${duration(seconds)} ago`;
}
