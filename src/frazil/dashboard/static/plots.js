// Round trips and throughput of a session.

import { lanesOf } from "./change.js";
import { element, section } from "./dom.js";
import { silencesOf } from "./pair.js";
import { plot } from "./plot.js";
import { meaning } from "./state.js";
import { duration, rate } from "./time.js";

const CONSENT_GAP_S = 7; // a check is due every 6 s at the latest
const LANE = "ice-connection";

export class Plots {
  #session;
  #body = element("div", { class: "plots" });
  #drawn = "";

  constructor(session) {
    this.#session = session;
    this.element = section("Round trip and throughput", this.#body);
    new ResizeObserver(() => this.draw()).observe(this.#body);
  }

  draw() {
    const { view, roundTrips, traffic, beganAt } = this.#session;
    const width = this.#body.clientWidth;
    const shape = `${width} ${view.now} ${roundTrips.length} ${traffic.length}`;
    if (width < 120 || shape === this.#drawn || this.#isRead()) return;
    this.#drawn = shape;
    const common = { bands: this.#bands(), from: beganAt, until: view.now, width };
    const step = this.#session.trafficStep;
    this.#body.replaceChildren(
      plot({
        ...common, title: "Round trip", gap: CONSENT_GAP_S, format: duration, isBroken: true,
        series: [{ name: "round trip", kind: "rtt", points: roundTrips.map(({ at, rtt }) => [at, rtt]) }],
      }),
      plot({
        ...common, title: "Throughput", gap: Math.max(2, step * 1.5), format: rate,
        series: [
          { name: "sent", kind: "sent", points: filled(traffic, "sent", step) },
          { name: "received", kind: "received", points: filled(traffic, "received", step) },
        ],
      }));
  }

  /** Somebody reads the numbers: they stay as they are. */
  #isRead() {
    return this.#session.view.is_live && this.#body.querySelector("details[open]") !== null;
  }

  /** When the path was not as it should be, and the silence that showed it. */
  #bands() {
    const lane = lanesOf(this.#session).find(({ machine }) => machine === LANE);
    return (lane?.spans ?? [])
      .map(({ from, until, state }) => ({ from, until, kind: meaning(state) }))
      .filter(({ kind }) => kind === "late" || kind === "lost")
      .concat(silencesOf(this.#session));
  }
}

/** The points of one direction; where nothing was carried, it is zero. */
function filled(traffic, name, step) {
  const points = [];
  for (const each of traffic) {
    const last = points.at(-1);
    if (last && each.at - last[0] > step * 1.5) {
      points.push([last[0] + step, 0], [each.at - step, 0]);
    }
    points.push([each.at, each[name]]);
  }
  return points;
}
