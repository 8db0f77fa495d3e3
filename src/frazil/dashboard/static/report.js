// A session as text, for a bug report.

import { momentsOf, statesOf } from "./change.js";
import { livePairsOf, pairsOf } from "./pair.js";
import { duration, instant } from "./time.js";

/** Findings, states with reasons, pairs: what somebody needs who was not there. */
export function reportOf(session) {
  const { view, beganAt } = session;
  const pairs = view.pairs ? livePairsOf(view) : pairsOf(session);
  return [
    `${view.name}, ${duration(session.length)} of a session`,
    "",
    "states:",
    ...statesOf(session).map(({ machine, state, before }) =>
      `  ${machine}: ${state}${before ? ` (was ${before})` : ""}`),
    "",
    "findings:",
    ...(view.findings.length === 0 ? ["  none"] : view.findings.flatMap((each) => [
      `  ${each.code}: ${each.sentence}`,
      `    fix: ${each.fix}`,
      ...each.evidence.map((line) => `    ${line}`),
    ])),
    ...(view.remarks ?? []).map((each) => `  note: ${each}`),
    "",
    "changes:",
    ...momentsOf(session).map(({ at, text, changes }) => `  ${instant(at - beganAt)} ${changes
      .map(({ facts }) => `${facts.machine} ${facts.old} -> ${facts.new}`).join(", ")}: ${text}`),
    "",
    "pairs:",
    ...pairs.map((each) => `  ${each.local.type} ${each.local.address} -> ${each.remote.type} ${each.remote.address}: `
      + `${each.state}${each.isInUse ? ", in use" : ""}${each.isNominated ? ", nominated" : ""}`
      + `${each.rtt ? `, ${duration(each.rtt)}` : ""}`),
    "",
  ].join("\n");
}
