// One connection as far as the page knows it: its records, and what the process says of it now.

const MAX_RECORDS = 50_000; // as many as the process sends of a recording
const MAX_POINTS = 3600;
const ROUND_TRIPS = ["consent-renewed", "pair-valid"];

export class Session {
  #records = new Map();
  #sorted = null;
  #last = null;

  /** `view` is what the process sends first. */
  constructor(view) {
    this.roundTrips = [];
    this.traffic = view.traffic?.points.map(([at, sent, received]) => ({
      at, sent: sent / view.traffic.width_s, received: received / view.traffic.width_s,
    })) ?? [];
    this.trafficStep = view.traffic?.width_s ?? 1;
    this.meanings = view.meanings;
    this.take(view);
  }

  /** What is new, or has changed, since the view before. */
  take(view) {
    this.view = view;
    for (const record of view.records) {
      this.#records.set(record.key, record);
      if (record.layer === "ice" && ROUND_TRIPS.includes(record.event)) this.#note(record);
    }
    if (view.records.length > 0) this.#sorted = null;
    while (this.#records.size > MAX_RECORDS) {
      this.#records.delete(this.#records.keys().next().value);
    }
    this.#measure(view);
  }

  /** All records, oldest first. */
  get records() {
    this.#sorted ??= [...this.#records.values()].sort((a, b) => a.key - b.key);
    return this.#sorted;
  }

  /** When it began, on the clock of the connection. */
  get beganAt() {
    return this.records[0]?.at ?? this.view.now;
  }

  /** How long it has lasted. */
  get length() {
    return Math.max(0, this.view.now - this.beganAt);
  }

  /** The records of one kind. */
  of(layer, ...events) {
    return this.records.filter((each) => each.layer === layer && events.includes(each.event));
  }

  #note({ last_at: at, facts }) {
    const known = this.roundTrips.at(-1);
    if (facts.rtt_s === null || (known && known.at >= at)) return;
    this.roundTrips.push({ at, rtt: facts.rtt_s, pair: facts.pair });
    if (this.roundTrips.length > MAX_POINTS) this.roundTrips.shift();
  }

  #measure({ now, transports }) {
    if (!transports) return;
    const sum = (name) => transports.reduce((total, each) => total + each[name], 0);
    const seen = { now, sent: sum("bytes_sent"), received: sum("bytes_received") };
    const last = this.#last;
    this.#last = seen;
    if (!last || now <= last.now) return;
    const span = now - last.now;
    this.trafficStep = span;
    this.traffic.push({
      at: last.now,
      sent: Math.max(0, seen.sent - last.sent) / span,
      received: Math.max(0, seen.received - last.received) / span,
    });
    if (this.traffic.length > MAX_POINTS) this.traffic.shift();
  }
}
