// A peer by the interface of webrtc-pc, as far as the stacks for Node.js have it.

import { Observer } from "./observer.mjs";

const STATES = ["signalingState", "iceGatheringState", "iceConnectionState", "connectionState"];

export class W3cPeer extends Observer {
  restart = false;

  constructor(RTCPeerConnection, configuration, emit) {
    super(emit);
    const pc = new RTCPeerConnection({ iceServers: [], ...configuration });
    this.pc = pc;
    for (const name of STATES) {
      this.observe(name, pc[name]);
      pc[`on${name.toLowerCase()}change`] = () =>
        this.observe(name, pc[name]);
    }
    pc.onicecandidate = ({ candidate }) => this.describeCandidate(candidate);
    pc.ondatachannel = ({ channel }) => this.announce(channel, channel.label, channel.protocol);
  }

  describeCandidate(found) {
    const { candidate, sdpMid, sdpMLineIndex } = found ?? {};
    const usernameFragment = / ufrag (\S+)/.exec(candidate)?.[1] ?? null;
    const init = candidate ? { candidate, sdpMid, sdpMLineIndex, usernameFragment } : null;
    this.emit("icecandidate", { candidate: init });
  }

  adopt(channel) {
    const index = this.channels.push(channel) - 1;
    const what = `channel ${channel.label}`;
    channel.binaryType = "arraybuffer";
    for (const type of ["open", "closing", "close"]) {
      channel[`on${type}`] = () => this.observe(what, channel.readyState);
    }
    channel.onerror = ({ error }) => this.observe(`${what} error`, error.message);
    channel.onmessage = ({ data }) => this.deliver(index, data);
    this.observe(what, channel.readyState);
    return index;
  }

  async setLocalDescription() {
    const { pc } = this;
    const iceRestart = this.restart;
    this.restart = false;
    // It is not made by `setLocalDescription` itself: libwebrtc of that age cannot.
    const description = await (pc.signalingState === "have-remote-offer"
      ? pc.createAnswer()
      : pc.createOffer({ iceRestart }));
    await pc.setLocalDescription(description);
    const { type, sdp } = pc.localDescription;
    return { type, sdp };
  }

  setRemoteDescription(description) {
    return this.pc.setRemoteDescription(description);
  }

  addIceCandidate(candidate) {
    return this.pc.addIceCandidate(candidate);
  }

  restartIce() {
    this.restart = true;
  }

  createDataChannel(label, options) {
    return this.adopt(this.pc.createDataChannel(label, options));
  }

  send(index, { text, base64 }) {
    this.channels[index].send(text ?? this.bytes(base64));
  }

  closeChannel(index) {
    this.channels[index].close();
  }

  close() {
    return this.pc.close();
  }
}
