// Relays: what the servers keep for us, and until when (RFC 8656).

import { closedAt } from "./change.js";

const PERMISSION_S = 300;
const CHANNEL_S = 600;
const RENEWALS = { refresh: "allocation", "create-permission": "permission", "channel-bind": "channel" };

/** Allocations, permissions and channels: `{kind, name, state, at, lifetime}`. */
export function relaysOf(session) {
  if (closedAt(session) !== null) return [];
  const kept = new Map();
  const put = (kind, name, at, lifetime) => kept.set(`${kind} ${name}`, { kind, name, at, lifetime });
  let relayed = "";
  for (const { layer, event, facts, last_at: at, count } of session.records) {
    if (layer !== "turn") continue;
    if (event === "state") {
      const { relayed: address, lifetime_s: lifetime } = facts.evidence ?? {};
      if (address) relayed = address;
      if (lifetime) put("allocation", relayed, at, lifetime);
      else if (["failed", "closed", "lost"].includes(facts.new)) kept.delete(`allocation ${relayed}`);
    }
    if (event === "permission-granted") put("permission", facts.ip, at, PERMISSION_S);
    if (event === "channel-bound") put("channel", `${facts.number} for ${facts.peer}`, at, CHANNEL_S);
    if (event === "permission-failed") kept.delete(`permission ${facts.ip}`);
    if (event === "response" && count > 0) {
      for (const each of kept.values()) if (each.kind === RENEWALS[facts.method]) each.at = at;
    }
  }
  return [...kept.values()];
}
