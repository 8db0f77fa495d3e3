// Candidate pairs: what became of each, and which one was in use.

import { closedAt } from "./change.js";

const OUTCOMES = {
  "pair-formed": "waiting", check: "in-progress", "pair-valid": "succeeded", "pair-failed": "failed",
  "check-timed-out": "failed",
};

/** Every pair that the records tell of, by its label, in the order in which they were formed. */
export function pairsOf(session) {
  const pairs = new Map();
  const types = typesOf(session);
  const inUse = closedAt(session) === null ? pairsInUse(session).at(-1) : undefined;
  for (const { layer, event, facts, count } of session.records) {
    if (layer === "ice" && event === "state" && facts.cause === "restart") beginAnew(pairs);
    if (layer !== "ice" || !("pair" in facts) || !facts.pair) continue;
    const pair = known(pairs, facts.pair, types);
    if (event === "pair-formed") Object.assign(pair, pairOf(facts.pair, facts.local, facts.remote));
    const outcome = OUTCOMES[event];
    if (outcome && (outcome !== "in-progress" || pair.state === "waiting")) pair.state = outcome;
    if (["check", "consent-check", "standby-check"].includes(event)) pair.asked += count;
    if (["pair-valid", "consent-renewed"].includes(event)) {
      pair.answered += count;
      pair.state = "succeeded";
    }
    if (event === "check-received") pair.heard += count;
    if (facts.rtt_s !== null && facts.rtt_s !== undefined) pair.rtt = facts.rtt_s;
    if (event === "nominated" || (event === "selected" && facts.nominated)) pair.isNominated = true;
  }
  for (const [label, pair] of pairs) {
    pair.asked = Math.max(pair.asked, pair.answered); // a nomination asks, too
    pair.isInUse = inUse !== undefined && inUse.pair === label && inUse.until === session.view.now;
  }
  return [...pairs.values()];
}

/** The same from the statistics of a live connection, which forget nothing. */
export function livePairsOf(view) {
  return view.pairs.map((each) => ({
    local: { type: each.local.type, address: each.local.address, protocol: each.local.protocol },
    remote: { type: each.remote.type, address: each.remote.address, protocol: each.remote.protocol },
    state: each.state,
    isNominated: each.nominated,
    isInUse: each.is_in_use,
    rtt: each.rtt_s,
    asked: each.requests_sent,
    answered: each.responses_received,
    heard: each.requests_received,
  }));
}

/** When which pair carried data: spans for the timeline. */
export function pairsInUse(session) {
  const types = typesOf(session);
  const spans = [];
  const end = (at) => {
    if (spans.length > 0) spans.at(-1).until = Math.min(spans.at(-1).until, at);
  };
  for (const record of session.of("ice", "selected", "unselected", "consent-renewed")) {
    const { at, event, facts } = record;
    if (event === "unselected") end(at);
    if (event === "consent-renewed" && spans.length > 0) continue;
    if (event === "unselected" || spans.at(-1)?.pair === facts.pair) continue;
    end(at);
    const text = types.get(facts.pair) ?? facts.pair;
    const why = event === "selected" ? record : null;
    const until = closedAt(session) ?? session.view.now;
    spans.push({ from: at, until, pair: facts.pair, kind: "used", text, record: why });
  }
  return spans;
}

/** When the pair in use was silent for so long that it counted as lost: spans, too. */
export function silencesOf(session) {
  return session.of("ice", "liveness-lost").map((record) => {
    const { silent_s: silent } = record.facts;
    const text = `${Math.round(silent)} s`;
    return { from: record.at - silent, until: record.at, kind: "late", text, record: null };
  });
}

function typesOf(session) {
  return new Map(session.of("ice", "pair-formed")
    .map(({ facts }) => [facts.pair, `${facts.local} → ${facts.remote}`]));
}

function known(pairs, label, types) {
  if (!pairs.has(label)) {
    const [local, remote] = types.get(label)?.split(" → ") ?? ["", ""];
    pairs.set(label, pairOf(label, local, remote));
  }
  return pairs.get(label);
}

function pairOf(label, local, remote) {
  const [from, to] = label.split("->");
  return {
    local: { type: local, address: from, protocol: "" },
    remote: { type: remote, address: to ?? "", protocol: "" },
    state: "waiting", isNominated: false, isInUse: false, rtt: null, asked: 0, answered: 0, heard: 0,
  };
}

/** After a restart, every pair has to be checked and nominated again. */
function beginAnew(pairs) {
  for (const pair of pairs.values()) pair.isNominated = false;
}
