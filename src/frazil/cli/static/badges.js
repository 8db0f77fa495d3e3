// The current states of one peer.

import { meaning } from "./state.js";

const INITIAL = {
  "connection": "new",
  "ice-connection": "new",
  "signaling": "stable",
  "ice-gathering": "new",
};

export class Badges {
  #badges = {};

  constructor(list) {
    list.replaceChildren();
    for (const [machine, state] of Object.entries(INITIAL)) {
      const row = document.createElement("div");
      const name = document.createElement("dt");
      const badge = document.createElement("dd");
      name.textContent = machine;
      row.append(name, badge);
      list.append(row);
      this.#badges[machine] = badge;
      this.set(machine, state);
    }
  }

  /** Shows the state of a machine, if it is one of the four. */
  set(machine, state) {
    const badge = this.#badges[machine];
    if (!badge) return;
    badge.textContent = state;
    badge.className = `badge ${meaning(state)}`;
  }
}
