// What states look like: one class per meaning, the same in badges, strips and timelines.

const MEANINGS = {
  new: "idle",
  closed: "idle",
  checking: "moving",
  connecting: "moving",
  gathering: "moving",
  connected: "well",
  completed: "best",
  complete: "best",
  disconnected: "lost",
  failed: "lost",
};

/** The CSS class of a state; signalling states are neither good nor bad. */
export function meaning(state) {
  return MEANINGS[state] ?? "neutral";
}
