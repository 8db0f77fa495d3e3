// The list of connections, a page of rows at a time.

import { element } from "./dom.js";
import { askForList } from "./source.js";
import { badge } from "./state.js";
import { duration } from "./time.js";

const LENGTH = 25;
const STATES = ["new", "connecting", "connected", "disconnected", "failed", "closed"];

export class ListPage {
  title = "Connections";
  #window = { first: 0, length: LENGTH, state: "", version: 0 };
  #rows = new Map(); // by id: what the process said, and what is drawn
  #body = element("tbody", {});
  #filter = element("div", { class: "filter", role: "group", "aria-label": "State" });
  #place = element("span", { role: "status" });
  #newer = element("button", { onclick: () => this.#turn(-LENGTH) }, "Newer");
  #older = element("button", { onclick: () => this.#turn(LENGTH) }, "Older");
  #nothing = element("p", { class: "quiet empty", hidden: true });

  constructor() {
    const head = ["connection", "state", "since", "why", "pair in use", "round trip"];
    this.element = element("div", { class: "list" },
      element("h1", {}, "Connections"), this.#filter,
      element("div", { class: "card scroll", tabindex: 0, role: "region", "aria-label": "Connections" },
        element("table", {},
          element("caption", { class: "unseen" }, "Connections, the newest first"),
          element("thead", {}, element("tr", {}, head.map((each) => element("th", { scope: "col" }, each)))),
          this.#body),
        this.#nothing),
      element("nav", { class: "pager", "aria-label": "Pages" }, this.#newer, this.#place, this.#older));
    for (const state of ["", ...STATES]) {
      this.#filter.append(element("button", {
        "data-state": state, "aria-pressed": String(state === ""), onclick: () => this.#choose(state),
      }, state || "all"));
    }
  }

  /** Asks for what has changed, and draws it. */
  async refresh() {
    const asked = JSON.stringify(this.#window);
    const answer = await askForList(this.#window);
    if (asked !== JSON.stringify(this.#window)) return; // somebody has turned the page meanwhile
    for (const row of answer.rows) this.#rows.set(row.id, { row });
    this.#window.version = answer.version;
    if (answer.ids.some((id) => !this.#rows.has(id))) {
      this.#window.version = 0; // a row came into view that had not changed
      await this.refresh();
      return;
    }
    this.#draw(answer);
  }

  #draw({ ids, total, counts }) {
    for (const id of this.#rows.keys()) if (!ids.includes(id)) this.#rows.delete(id);
    const drawn = ids.map((id) => this.#drawRow(this.#rows.get(id)));
    const isSame = drawn.length === this.#body.children.length
      && drawn.every((each, index) => each === this.#body.children[index]);
    if (!isSame) this.#body.replaceChildren(...drawn);
    const { first, state } = this.#window;
    this.#nothing.hidden = ids.length > 0;
    this.#nothing.textContent = total > 0 ? "There are no connections on this page."
      : state ? `No connection is ${state}.` : "This process has no connection.";
    this.#place.textContent = total > 0 ? `${first + 1} to ${first + ids.length} of ${total}` : "";
    this.#newer.disabled = first === 0;
    this.#older.disabled = first + LENGTH >= total;
    const all = Object.values(counts).reduce((sum, each) => sum + each, 0);
    for (const button of this.#filter.children) {
      const name = button.dataset.state;
      button.replaceChildren(name || "all", " ", element("b", {}, String(name ? counts[name] ?? 0 : all)));
    }
  }

  #drawRow(known) {
    const { row } = known;
    if (known.drawn !== row) {
      const cells = [badge(row.state), element("span", { class: "since" }), row.why,
        element("code", {}, row.pair.replace("->", " → ")), duration(row.rtt_s)];
      known.element = element("tr", {},
        element("th", { scope: "row" }, element("a", { href: `#${encodeURIComponent(row.id)}` }, row.name)),
        cells.map((each) => element("td", {}, each)));
      known.drawn = row;
    }
    const since = known.element.querySelector(".since");
    const text = row.since === null ? "" : age(row.since);
    if (since.textContent !== text) since.textContent = text;
    return known.element;
  }

  #turn(step) {
    this.#look({ first: Math.max(0, this.#window.first + step) });
  }

  #choose(state) {
    for (const each of this.#filter.children) {
      each.setAttribute("aria-pressed", String(each.dataset.state === state));
    }
    this.#look({ first: 0, state });
  }

  #look(change) {
    this.#window = { ...this.#window, ...change, version: 0 };
    this.refresh().catch(() => {});
  }
}

function age(since) {
  const seconds = Math.round(Date.now() / 1000 - since);
  return seconds < 1 ? "just now" : duration(seconds);
}
