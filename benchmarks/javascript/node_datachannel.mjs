// node-datachannel by the interface of its own; libdatachannel is below.

import { createRequire } from "node:module";
import nodeDataChannel from "node-datachannel";
import { CHANNEL_OPEN, Peer } from "./peer.mjs";

export const VERSION = version();

function version() {
  const resolve = createRequire(import.meta.url).resolve;
  const main = resolve("node-datachannel").split("/dist/")[0];
  return createRequire(import.meta.url)(`${main}/package.json`).version;
}

class NodeDataChannelPeer extends Peer {
  constructor(sendSignal, servers) {
    super(sendSignal);
    const pc = new nodeDataChannel.PeerConnection("benchmark", { iceServers: servers });
    this.pc = pc;
    pc.onLocalDescription((sdp, type) => sendSignal({ type, sdp }));
    pc.onLocalCandidate((candidate, sdpMid) => sendSignal({ candidate, sdpMid, sdpMLineIndex: 0 }));
    pc.onIceStateChange((state) => this.reachIce(state));
    pc.onStateChange((state) => this.reachState(state));
    pc.onDataChannel((channel) => this.adopt(channel));
  }

  async offer() {
    this.adopt(this.pc.createDataChannel("benchmark"));
  }

  async receiveSignal(signal) {
    if ("candidate" in signal) this.pc.addRemoteCandidate(signal.candidate, signal.sdpMid);
    else this.pc.setRemoteDescription(signal.sdp, signal.type);
  }

  adopt(channel) {
    this.channel = channel;
    channel.onMessage((message) => this.take(message));
    channel.onOpen(() => this.reach(CHANNEL_OPEN));
    if (channel.isOpen()) this.reach(CHANNEL_OPEN);
  }

  send(message) {
    if (typeof message === "string") this.channel.sendMessage(message);
    else this.channel.sendMessageBinary(message);
  }

  get buffered() {
    return this.channel.bufferedAmount();
  }

  async drain(low) {
    this.channel.setBufferedAmountLowThreshold(low);
    const drained = new Promise((resolve) => this.channel.onBufferedAmountLow(resolve));
    // It may have drained, on its thread, before anybody listened.
    if (this.buffered > low) await drained;
  }

  async close() {
    this.isClosed = true;
    this.pc.close();
  }
}

export const makePeer = (sendSignal, servers) => new NodeDataChannelPeer(sendSignal, servers);
