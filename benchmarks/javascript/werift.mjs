// werift: everything in TypeScript.

import { readFileSync } from "node:fs";
import { RTCPeerConnection } from "werift";
import { W3cPeer } from "./peer.mjs";

const manifest = new URL("../../node_modules/werift/package.json", import.meta.url);

export const VERSION = JSON.parse(readFileSync(manifest)).version;

// Its channel takes nothing but a `Buffer` or a string, and has an event of its own for low water.
class WeriftPeer extends W3cPeer {
  send(message) {
    this.channel.send(typeof message === "string" ? message : Buffer.from(message));
  }

  async drain(low) {
    if (this.buffered <= low) return;
    this.channel.bufferedAmountLowThreshold = low;
    await new Promise((resolve) => this.channel.bufferedAmountLow.once(resolve));
  }
}

export const makePeer = (sendSignal, servers) =>
  new WeriftPeer(RTCPeerConnection, sendSignal, servers);
