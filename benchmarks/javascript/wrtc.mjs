// @roamhq/wrtc: libwebrtc for Node.

import { createRequire } from "node:module";
import wrtc from "@roamhq/wrtc";
import { W3cPeer } from "./peer.mjs";

export const VERSION = createRequire(import.meta.url)("@roamhq/wrtc/package.json").version;

// Its channel hears of what was sent only in the next turn of the event loop, and has no event for low
// water: whoever sends has to look again and again.
class WrtcPeer extends W3cPeer {
  sentThisTurn = 0;

  send(message) {
    this.sentThisTurn += message.length;
    this.channel.send(message);
  }

  get buffered() {
    return this.channel.bufferedAmount + this.sentThisTurn;
  }

  async drain(low) {
    do {
      await new Promise(setImmediate);
      this.sentThisTurn = 0;
    } while (this.buffered > low);
  }
}

export const makePeer = (sendSignal, servers) =>
  new WrtcPeer(wrtc.RTCPeerConnection, sendSignal, servers);
