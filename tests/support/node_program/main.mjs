// Hosts peer connections of a stack for Node.js, one after the other; the argument names its module.
//
// It is commanded through its standard input, a socket, as peer_host.py says; commands and events
// are those of peer.js.

import { Socket } from "node:net";
import { createInterface } from "node:readline";

const { Peer } = await import(`./${process.argv[2]}.mjs`);

const control = new Socket({ fd: 0 });
const tell = (message) => control.write(`${JSON.stringify(message)}\n`);

let peer;
let current = 0;
let complaints = [];
const complain = (error) => complaints.push(String(error?.stack ?? error));
process.on("uncaughtException", complain);
process.on("unhandledRejection", complain);

const methods = {
  open({ configuration }) {
    const mine = ++current;
    complaints = [];
    peer = new Peer(configuration, (event, members) => {
      // What comes late would be taken for the next connection's.
      if (mine === current) tell({ event, ...members });
    });
    return {};
  },
  async perform({ command, arguments: given }) {
    try {
      return { value: await peer[command](...given) };
    } catch (error) {
      return { error: { name: error.name, message: error.message } };
    }
  },
  async shut() {
    current++;
    await peer.close();
    return { complaints };
  },
};

for await (const line of createInterface({ input: control })) {
  const { id, method, params } = JSON.parse(line);
  tell({ id, result: await methods[method](params) });
}
