// The page of one connection.

import { statesOf, shortName } from "./change.js";
import { element } from "./dom.js";
import { EventLog } from "./event_log.js";
import { Findings } from "./findings.js";
import { Layers } from "./layers.js";
import { Meters } from "./meter.js";
import { PairMatrix } from "./pair_matrix.js";
import { Plots } from "./plots.js";
import { Reasons } from "./reasons.js";
import { reportOf } from "./report.js";
import { badge } from "./state.js";
import { Timeline } from "./timeline.js";
import { duration } from "./time.js";

export class SessionPage {
  #session;
  #states = element("dl", { class: "states" });
  #line = element("p", { class: "quiet" });
  #copy = element("button", { onclick: () => this.#copyReport() }, "Copy report");
  #parts;

  constructor(session) {
    this.#session = session;
    const reasons = new Reasons(session);
    this.#parts = [
      new Findings(session), new Timeline(session, (record) => reasons.show(record)), reasons,
      new PairMatrix(session), new Meters(session), new Layers(session), new Plots(session),
      new EventLog(session),
    ];
    this.title = session.view.name;
    this.element = element("div", { class: "session" },
      element("div", { class: "head" },
        element("div", {}, element("h1", {}, session.view.name), this.#line), this.#copy),
      this.#states, this.#parts.map((each) => each.element));
  }

  /** Draws what has changed. */
  draw() {
    const { view } = this.#session;
    const kind = view.is_live ? "live" : "recording";
    const lost = view.forgotten > 0 ? `; the trace has forgotten ${view.forgotten} older records` : "";
    this.#line.textContent = `${kind}, ${duration(this.#session.length)}${lost}`;
    this.#states.replaceChildren(...statesOf(this.#session).map(({ machine, state, before }) =>
      element("div", {}, element("dt", {}, shortName(machine)), element("dd", {}, badge(state),
        before ? element("span", { class: "quiet small" }, ` was ${before}`) : null))));
    for (const part of this.#parts) part.draw();
  }

  /** Says that no more will come. */
  end(why) {
    this.#line.textContent = why;
  }

  async #copyReport() {
    const text = reportOf(this.#session);
    try {
      await navigator.clipboard.writeText(text);
      this.#copy.textContent = "Copied";
    } catch {
      this.#showReport(text);
    }
  }

  /** Where a page may not write to the clipboard, people can. */
  #showReport(text) {
    const area = element("textarea", { readonly: true, rows: 20, "aria-label": "Report" }, text);
    const dialog = element("dialog", { "aria-label": "Report", onclose: () => dialog.remove() }, area,
      element("form", { method: "dialog" }, element("button", {}, "Close")));
    this.element.append(dialog);
    dialog.showModal();
    area.select();
  }
}
