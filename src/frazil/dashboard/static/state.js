// What states look like: one class per meaning, the same in badges, lanes and tables.

import { element } from "./dom.js";

const MEANINGS = {
  new: "idle",
  closed: "idle",
  frozen: "idle",
  waiting: "idle",
  checking: "moving",
  connecting: "moving",
  gathering: "moving",
  closing: "moving",
  "in-progress": "moving",
  connected: "well",
  completed: "well",
  complete: "well",
  open: "well",
  stable: "idle",
  succeeded: "well",
  disconnected: "late",
  failed: "lost",
};

/** The CSS class of a state; what is neither good nor bad is "neutral". */
export function meaning(state) {
  return MEANINGS[state] ?? "neutral";
}

/** The state as a badge. */
export function badge(state) {
  return element("span", { class: `badge ${meaning(state)}` }, state);
}
