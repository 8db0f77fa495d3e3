// The line to the process: what it is asked for, and how often.

const EVERY_MS = 1000;

/** A request that the process answered with something else than a result. */
export class Refusal extends Error {
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}

/** A window of the list of connections. */
export function askForList(window) {
  return ask(`connections?${new URLSearchParams(window)}`);
}

/** One connection; only what is new since `mark`, if that is given. */
export function askForConnection(id, mark) {
  return ask(`connection?${new URLSearchParams({ id, mark: mark ? mark.join() : "" })}`);
}

/** What a recording says: the process reads it, and keeps nothing. */
export function send(file) {
  return ask(`recording?${new URLSearchParams({ name: file.name })}`, { method: "POST", body: file });
}

async function ask(path, options = {}) {
  const answer = await fetch(path, options);
  if (!answer.ok) throw new Refusal(answer.status);
  return answer.json();
}

/** Does `work` now and every second while the page can be seen; returns what ends that. */
export function repeat(work) {
  let isOver = false;
  let timer;
  const turn = async () => {
    if (!document.hidden) await work();
    if (!isOver) timer = setTimeout(turn, EVERY_MS);
  };
  turn();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
