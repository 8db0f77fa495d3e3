// node-datachannel by the interface of its own; libdatachannel is below.

import nodeDataChannel from "node-datachannel";
import { Observer } from "./observer.mjs";

export class Peer extends Observer {
  constructor(configuration, emit) {
    super(emit);
    const pc = new nodeDataChannel.PeerConnection("peer", {
      iceServers: [],
      disableAutoNegotiation: true,
      ...configuration,
    });
    this.pc = pc;
    this.observe("signalingState", pc.signalingState());
    this.observe("iceGatheringState", pc.gatheringState());
    this.observe("iceConnectionState", pc.iceState());
    this.observe("connectionState", pc.state());
    pc.onSignalingStateChange((state) => this.observe("signalingState", state));
    pc.onIceStateChange((state) => this.observe("iceConnectionState", state));
    pc.onStateChange((state) => this.observe("connectionState", state));
    pc.onGatheringStateChange((state) => {
      this.observe("iceGatheringState", state);
      if (state === "complete") this.emit("icecandidate", { candidate: null });
    });
    pc.onLocalDescription((sdp, type) => this.describe({ sdp, type }));
    pc.onLocalCandidate((candidate, sdpMid) =>
      this.emit("icecandidate", {
        candidate: { candidate, sdpMid, sdpMLineIndex: null, usernameFragment: null },
      }));
    pc.onDataChannel((channel) =>
      this.announce(channel, channel.getLabel(), channel.getProtocol()));
  }

  adopt(channel) {
    const index = this.channels.push(channel) - 1;
    const what = `channel ${channel.getLabel()}`;
    this.observe(what, channel.isOpen() ? "open" : "connecting");
    channel.onOpen(() => this.observe(what, "open"));
    channel.onClosed(() => this.observe(what, "closed"));
    channel.onError((error) => this.observe(`${what} error`, error));
    channel.onMessage((message) => this.deliver(index, message));
    return index;
  }

  setLocalDescription() {
    const described = new Promise((resolve) => (this.describe = resolve));
    const isAnswer = this.pc.signalingState() === "have-remote-offer";
    this.pc.setLocalDescription(isAnswer ? "answer" : "offer");
    return described;
  }

  setRemoteDescription({ sdp, type }) {
    this.pc.setRemoteDescription(sdp, type);
  }

  addIceCandidate(init) {
    // It has no end of candidates.
    if (init?.candidate) this.pc.addRemoteCandidate(init.candidate, init.sdpMid);
  }

  createDataChannel(label, { ordered = true, ...others }) {
    return this.adopt(this.pc.createDataChannel(label, { unordered: !ordered, ...others }));
  }

  send(index, { text, base64 }) {
    const channel = this.channels[index];
    if (base64 === undefined) channel.sendMessage(text);
    else channel.sendMessageBinary(Buffer.from(base64, "base64"));
  }

  closeChannel(index) {
    this.channels[index].close();
  }

  close() {
    this.pc.close();
  }
}
