// @roamhq/wrtc: libwebrtc for Node.js.

import wrtc from "@roamhq/wrtc";
import { W3cPeer } from "./w3c.mjs";

export class Peer extends W3cPeer {
  constructor(configuration, emit) {
    super(wrtc.RTCPeerConnection, configuration, emit);
  }

  bytes(base64) {
    return Uint8Array.from(Buffer.from(base64, "base64")); // a pool's slice it sends as the pool
  }

  async addIceCandidate(candidate) {
    if (candidate) await super.addIceCandidate(candidate); // it refuses the end of candidates
  }
}
