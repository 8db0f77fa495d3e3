// The worker for stacks of Node; arguments, standard input and output are those of `worker.py`.

import { createInterface } from "node:readline";
import { inOrder, perform } from "./job.mjs";

// Standard output is for the parent; whatever else wants to be printed goes to standard error.
console.log = console.info = console.error;

const say = (entry) => process.stdout.write(`${JSON.stringify(entry)}\n`);

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function memoryBytes() {
  globalThis.gc();
  return process.memoryUsage.rss();
}

async function main() {
  const [stack, text] = process.argv.slice(2);
  const task = JSON.parse(text);
  const { makePeer, VERSION } = await import(`./${stack}.mjs`);
  const host = { makePeer, cpuSeconds, memoryBytes };
  if (task.role === "version") return say({ result: VERSION });
  if (task.role === "alone") return say({ result: await perform(host, task) });
  const peer = makePeer((signal) => say({ signal }), []);
  const receiveSignal = inOrder(() => peer);
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => receiveSignal(JSON.parse(line)).catch(fail));
  const ended = new Promise((resolve) => lines.on("close", resolve));
  say({ result: await perform(host, task, peer) });
  await ended;
  await peer.close();
}

function fail(error) {
  say({ error: `${error.name}: ${error.message}`.split("\n")[0] });
  process.exitCode = 1;
}

process.on("uncaughtException", fail);
// Some stacks leave threads and timers behind.
main().catch(fail).finally(() => process.stdout.write("", () => process.exit()));
