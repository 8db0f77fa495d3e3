// What one peer saw, as a list: the newest entry is last, and in view.

import { meaning } from "./state.js";

export class Timeline {
  #list;

  constructor(list) {
    this.#list = list;
    list.replaceChildren();
  }

  /** A state change; the reason may be missing. */
  state(at, machine, old, state, reason = "") {
    const move = element("span", "move");
    const now = element("span", `state ${meaning(state)}`, state);
    move.append(element("span", "old", `${old} → `), now);
    const why = reason ? [element("span", "reason", reason)] : [];
    this.#append(at, element("span", "machine", machine), move, ...why);
  }

  /** A message; `afterS` is how long it took, if it arrived. */
  message(at, verb, text, afterS = 0) {
    const line = element("span", "move");
    line.append(element("q", "", text));
    if (afterS >= 0.1) line.append(element("span", "moving event", ` after ${afterS.toFixed(1)} s`));
    this.#append(at, element("span", "machine", verb), line);
  }

  /** Anything else, in words. */
  note(at, text, kind = "") {
    this.#append(at, element("span", `wide event ${kind}`, text));
  }

  #append(at, ...cells) {
    const item = element("li", "");
    const time = element("time", "", at.toFixed(3));
    item.append(time, ...cells);
    const list = this.#list;
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(item);
    if (isAtEnd) list.scrollTop = list.scrollHeight;
  }
}

function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}
