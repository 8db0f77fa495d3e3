// The state changes of a session: as spans of each machine, and as moments with a reason.

const ORDER = ["connection", "ice-connection", "ice-transport", "dtls-transport", "sctp-transport",
  "ice-gathering", "ice-gatherer", "signaling"];
const TURN_S = 0.05;
const MAX_PER_TURN = 16;
const AGGREGATES = { "ice-transport": "ice-connection", "ice-gatherer": "ice-gathering" };

/** The kind of a machine: its name without the number. */
export function kindOf(machine) {
  return machine.split(" ")[0];
}

/** What a machine is called where there is only one of its kind. */
export function shortName(machine) {
  return machine.replace(/ 0$/, "");
}

/** The changes that the application saw, oldest first. */
export function changesOf(session) {
  return session.of("peer", "state-changed");
}

/** `{machine, spans: [{state, from, until, record}]}` of each machine, in the order of layers. */
export function lanesOf(session) {
  const lanes = new Map();
  for (const record of changesOf(session)) {
    const { machine, old, new: state } = record.facts;
    if (!lanes.has(machine)) {
      lanes.set(machine, [{ state: old, from: session.beganAt, until: record.at, record: null }]);
    }
    const spans = lanes.get(machine);
    spans.at(-1).until = record.at;
    spans.push({ state, from: record.at, until: session.view.now, record });
  }
  return [...lanes]
    .map(([machine, spans]) => ({ machine, spans }))
    .filter(({ machine }) => !isToldTwice(machine, lanes))
    .sort((a, b) => rank(a.machine) - rank(b.machine) || (a.machine < b.machine ? -1 : 1));
}

/** `{machine, state, before}` of each machine now; `before` is the state before it was closed. */
export function statesOf(session) {
  return lanesOf(session).map(({ machine, spans }) => {
    const { state } = spans.at(-1);
    return { machine, state, before: state === "closed" ? spans.at(-2)?.state ?? "" : "" };
  });
}

/** When the connection was closed; null if it was not. */
export function closedAt(session) {
  const last = session.of("peer", "state-changed")
    .findLast(({ facts }) => facts.machine === "connection");
  return last?.facts.new === "closed" ? last.at : null;
}

/**
 * Changes of one cause, together: `{at, text, changes}`. An aggregate follows its transports in a
 * later turn of the event loop, which is why they need not come at the same instant.
 */
export function momentsOf(session) {
  const moments = [];
  for (const record of changesOf(session)) {
    const { text, cause } = record.facts;
    const turn = moments.slice(-MAX_PER_TURN).filter((each) => record.at - each.at <= TURN_S);
    const same = turn.findLast((each) => each.cause === cause && each.text === text);
    if (same) same.changes.push(record);
    else moments.push({ key: record.key, at: record.at, cause, text, changes: [record] });
  }
  return moments;
}

/** With one transport, its machine and the aggregate over all say the same. */
function isToldTwice(machine, lanes) {
  const kind = kindOf(machine);
  const aggregate = AGGREGATES[kind];
  if (!aggregate || !lanes.has(aggregate)) return false;
  return [...lanes.keys()].filter((each) => kindOf(each) === kind).length === 1;
}

function rank(machine) {
  const place = ORDER.indexOf(kindOf(machine));
  return place < 0 ? ORDER.length : place;
}
