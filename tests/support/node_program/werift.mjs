// werift: everything in TypeScript.

import { RTCPeerConnection } from "werift";
import { W3cPeer } from "./w3c.mjs";

// Without a server it asks one of Google's, and waits for five seconds. No resolver is asked for a name
// like this one.
const NOWHERE = { urls: "stun:a..b" };

export class Peer extends W3cPeer {
  constructor(configuration, emit) {
    super(RTCPeerConnection, { iceServers: [NOWHERE], ...configuration }, emit);
  }

  bytes(base64) {
    return Buffer.from(base64, "base64"); // it takes no other
  }

  async addIceCandidate(candidate) {
    await super.addIceCandidate(candidate ?? undefined); // to it, null is no end of candidates
  }
}
