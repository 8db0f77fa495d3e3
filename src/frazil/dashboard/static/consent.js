// How long we may still send to the peer (RFC 7675), and where to.

import { closedAt } from "./change.js";

const CONSENT_S = 30;

/** `{pair, renewedAt, leftS}` of the pair in use; null while there is none. */
export function consentOf(session) {
  let found = null;
  for (const { layer, event, facts, last_at: at } of session.records) {
    if (layer !== "ice") continue;
    if (event === "selected") found = { pair: facts.pair, renewedAt: found?.renewedAt ?? at };
    if (event === "consent-renewed") found = { pair: facts.pair, renewedAt: at };
    if (event === "pair-valid" && found?.pair === facts.pair) found.renewedAt = at;
    if (event === "unselected" || event === "consent-lost") found = null;
  }
  if (!found || closedAt(session) !== null) return null;
  const age = Math.max(0, session.view.now - found.renewedAt);
  return { ...found, age, limit: CONSENT_S, left: Math.max(0, CONSENT_S - age) };
}
