// Who of ours reaches whom of theirs.

import { Candidates } from "./candidates.js";
import { element, section, table } from "./dom.js";
import { livePairsOf, pairsOf } from "./pair.js";
import { badge } from "./state.js";
import { duration } from "./time.js";

const MAX_COLUMNS = 6;

export class PairMatrix {
  #session;
  #body = element("div", {});
  #candidates;
  #drawn = "";

  constructor(session) {
    this.#session = session;
    this.#candidates = new Candidates(session);
    this.element = section("Candidate pairs", this.#body, this.#candidates.element);
  }

  draw() {
    this.#candidates.draw();
    const { view } = this.#session;
    const pairs = view.pairs ? livePairsOf(view) : pairsOf(this.#session);
    const shape = JSON.stringify(pairs);
    if (shape === this.#drawn) return;
    this.#drawn = shape;
    this.#body.replaceChildren(
      pairs.length > 0 ? matrix(pairs) : element("p", { class: "quiet" }, "No pair has been formed."));
  }
}

function matrix(pairs) {
  const rows = distinct(pairs.map((each) => each.local));
  const columns = distinct(pairs.map((each) => each.remote));
  if (columns.length > MAX_COLUMNS) return list(pairs);
  const head = ["ours ↓ theirs →", ...columns.map(candidate)];
  const of = (row, column) => pairs.findLast((each) =>
    nameOf(each.local) === nameOf(row) && nameOf(each.remote) === nameOf(column));
  return table("Candidate pairs", head, rows.map((row) =>
    [candidate(row), ...columns.map((column) => cell(of(row, column)))]));
}

function list(pairs) {
  return table("Candidate pairs", ["ours", "theirs", "outcome"],
    pairs.map((each) => [candidate(each.local), candidate(each.remote), cell(each)]));
}

function cell(pair) {
  if (!pair) return element("span", { class: "quiet" }, "no pair");
  const facts = [
    pair.rtt === null || pair.rtt === undefined ? null : `${duration(pair.rtt)} round trip`,
    `${pair.answered} of ${pair.asked} checks answered`,
    pair.heard > 0 ? `${pair.heard} received` : null,
  ].filter((each) => each !== null);
  const marks = [pair.isInUse ? "in use" : null, pair.isNominated ? "nominated" : null];
  return element("div", { class: `pair${pair.isInUse ? " used" : ""}` },
    badge(pair.state),
    marks.filter((each) => each).map((each) => element("span", { class: "tag" }, each)),
    element("div", { class: "facts" }, facts.join(", ")));
}

function candidate({ type, address, protocol }) {
  return element("span", { class: "candidate" }, element("b", {}, type || "?"),
    protocol === "tcp" ? " tcp" : "", element("code", {}, address));
}

function distinct(candidates) {
  return [...new Map(candidates.map((each) => [nameOf(each), each])).values()];
}

function nameOf({ type, address, protocol }) {
  return `${type} ${protocol} ${address}`;
}
