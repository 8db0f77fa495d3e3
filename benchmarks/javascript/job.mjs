// The jobs of the benchmarks, for a page and for Node; what each does is told in the Python module
// of the same name. A host gives `makePeer(sendSignal, servers)`, `cpuSeconds()` and
// `memoryBytes()`; the last two may be promises.

const MOST_BYTES = 1 << 20;
const MOST_MESSAGES = 1 << 11;
const AT_ONCE = 10;
const ENOUGH = "enough";
const END = "end of flow";
const MILESTONES = { ice_ms: "ice connected", connected_ms: "connected", open_ms: "channel open" };

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1e3));

// Hands signals over one after the other, as they came; late ones are of no use to a closed peer.
export function inOrder(peer) {
  let last = Promise.resolve();
  const receive = (signal) => (peer().isClosed ? null : peer().receiveSignal(signal));
  return (signal) => (last = last.then(() => receive(signal)));
}

async function connectPair(host, servers = []) {
  const toAnswerer = inOrder(() => answerer);
  const toOfferer = inOrder(() => offerer);
  const offerer = host.makePeer(toAnswerer, servers);
  const answerer = host.makePeer(toOfferer, servers);
  await offerer.offer();
  await Promise.all([offerer.open, answerer.open]);
  return [offerer, answerer];
}

async function reached(pair, milestone) {
  // The last event may come a little later than the open channel.
  while (!pair.every((peer) => milestone in peer.reachedAt)) await sleep(0.001);
  return Math.max(...pair.map((peer) => peer.reachedAt[milestone]));
}

const closePair = (pair) => Promise.all(pair.map((peer) => peer.close()));

export function percentile(ascending, percent) {
  return ascending[Math.max(0, Math.ceil((ascending.length * percent) / 100) - 1)];
}

const ascending = (values) => [...values].sort((a, b) => a - b);

function median(values) {
  const sorted = ascending(values);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

async function connect(host, effort, { servers = [] }) {
  const took = { ice_ms: [], connected_ms: [], open_ms: [] };
  const cpuBefore = await host.cpuSeconds();
  const beganAt = performance.now();
  let count = 0;
  while (
    count < effort.connections &&
    (!count || performance.now() - beganAt < effort.connect_s * 1e3)
  ) {
    const startedAt = performance.now();
    const pair = await connectPair(host, servers);
    for (const [key, milestone] of Object.entries(MILESTONES))
      took[key].push((await reached(pair, milestone)) - startedAt);
    await closePair(pair);
    count += 1;
  }
  const seconds = (performance.now() - beganAt) / 1e3;
  const cpu = (await host.cpuSeconds()) - cpuBefore;
  return {
    ice_ms: median(took.ice_ms),
    connected_ms: median(took.connected_ms),
    open_ms: median(took.open_ms),
    p95_ms: percentile(ascending(took.open_ms), 95),
    first_ms: took.open_ms[0],
    cpu_ms: (cpu / count) * 1e3,
    pairs_per_s: count / seconds,
  };
}

async function setup(host, effort) {
  await closePair(await connectPair(host));
  const count = effort.pairs_at_once;
  const cpuBefore = await host.cpuSeconds();
  const startedAt = performance.now();
  const pairs = await Promise.all(Array.from({ length: count }, () => connectPair(host)));
  const seconds = (performance.now() - startedAt) / 1e3;
  await Promise.all(pairs.map(closePair));
  const cpu = (await host.cpuSeconds()) - cpuBefore;
  return { pairs_per_s: count / seconds, cpu_ms: (cpu / count) * 1e3 };
}

async function idle(host, effort, { pairs }) {
  await closePair(await connectPair(host));
  const before = await host.memoryBytes();
  const held = [];
  while (held.length < pairs) {
    const length = Math.min(AT_ONCE, pairs - held.length);
    held.push(...(await Promise.all(Array.from({ length }, () => connectPair(host)))));
  }
  const bytes = (await host.memoryBytes()) - before;
  await sleep(effort.rest_s);
  const cpuBefore = await host.cpuSeconds();
  const startedAt = performance.now();
  await sleep(effort.idle_s);
  const seconds = (performance.now() - startedAt) / 1e3;
  const cpu = (await host.cpuSeconds()) - cpuBefore;
  await Promise.all(held.map(closePair));
  return {
    kb_per_pair: bytes / pairs / 1e3,
    cpu_us_per_pair_s: (cpu / seconds / pairs) * 1e6,
  };
}

// Messages per second and CPU per message, in the order of the fields of Python's `Rate`.
async function countRate(host, effort, soFar) {
  await sleep(effort.warm_up_s);
  const cpuBefore = await host.cpuSeconds();
  const startedAt = performance.now();
  const before = soFar();
  let counted = 0;
  while (counted <= 0) {
    await sleep(effort.count_s);
    counted = soFar() - before;
  }
  const seconds = (performance.now() - startedAt) / 1e3;
  const cpu = (await host.cpuSeconds()) - cpuBefore;
  return [counted / seconds, cpu / counted];
}

async function sendFlow(host, peer, size, effort) {
  const message = new Uint8Array(size);
  const high = Math.min(MOST_BYTES, MOST_MESSAGES * size);
  let sent = 0;
  let enough = false;
  let rate = null;
  peer.listen((answer) => {
    if (answer === ENOUGH) enough = true;
  });
  const counting = countRate(host, effort, () => sent - peer.buffered / size).then(
    (value) => (rate = value),
  );
  while (!(enough && rate)) {
    peer.send(message);
    sent += 1;
    if (peer.buffered > high) await peer.drain(high / 4);
  }
  peer.send(END);
  await peer.drain(0);
  return counting;
}

async function receiveFlow(host, peer, effort) {
  let received = 0;
  let start;
  let end;
  const started = new Promise((resolve) => (start = resolve));
  const ended = new Promise((resolve) => (end = resolve));
  peer.listen((message) => {
    received += 1;
    if (received === 1) start();
    if (message === END) end();
  });
  await started;
  const rate = await countRate(host, effort, () => received);
  peer.send(ENOUGH);
  await ended;
  return rate;
}

const flow = {
  async sender(host, effort, { sizes }, peer) {
    const rates = [];
    for (const size of sizes) rates.push(await sendFlow(host, peer, size, effort));
    return rates;
  },
  async receiver(host, effort, { sizes }, peer) {
    const rates = [];
    for (const _ of sizes) rates.push(await receiveFlow(host, peer, effort));
    return rates;
  },
};

// As many round trips as asked for; resolves to how long each took, in milliseconds.
function bounce(peer, count) {
  const message = new Uint8Array(32);
  const took = [];
  return new Promise((resolve) => {
    let sentAt;
    const send = () => {
      sentAt = performance.now();
      peer.send(message);
    };
    peer.listen(() => {
      took.push(performance.now() - sentAt);
      if (took.length < count) send();
      else resolve(took);
    });
    send();
  });
}

function echo(peer, count) {
  let echoed = 0;
  return new Promise((resolve) => {
    peer.listen((message) => {
      peer.send(message);
      echoed += 1;
      if (echoed === count) resolve();
    });
  });
}

const warmUp = (effort) => Math.floor(effort.round_trips / 10);

const roundtrip = {
  async sender(host, effort, _, peer) {
    await bounce(peer, warmUp(effort));
    const cpuBefore = await host.cpuSeconds();
    const took = ascending(await bounce(peer, effort.round_trips));
    const cpu = (await host.cpuSeconds()) - cpuBefore;
    return {
      p50_us: percentile(took, 50) * 1e3,
      p99_us: percentile(took, 99) * 1e3,
      cpu_us: (cpu / effort.round_trips) * 1e6,
    };
  },
  async receiver(host, effort, _, peer) {
    await echo(peer, warmUp(effort));
    const listening = echo(peer, effort.round_trips);
    const cpuBefore = await host.cpuSeconds();
    await listening;
    return { cpu_us: (((await host.cpuSeconds()) - cpuBefore) / effort.round_trips) * 1e6 };
  },
};

const JOBS = {
  connect: { alone: connect },
  setup: { alone: setup },
  idle: { alone: idle },
  flow,
  roundtrip,
};

// Runs a task with `peer`, or alone without one.
export async function perform(host, task, peer) {
  const job = JOBS[task.job]?.[task.role];
  if (!job) throw new Error(`no job ${task.job} for ${task.role}`);
  if (peer) {
    if (task.role === "sender") await peer.offer();
    await peer.open;
  }
  return job(host, task.effort, task.parameters, peer);
}
