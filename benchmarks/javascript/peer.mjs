// One end of a connection with one data channel, for a page and for Node.

export const ICE_CONNECTED = "ice connected";
export const CONNECTED = "connected";
export const CHANNEL_OPEN = "channel open";

// What the jobs use; a subclass adds `offer`, `receiveSignal`, `send`, `buffered`, `drain`, `close`.
export class Peer {
  constructor(sendSignal) {
    this.sendSignal = sendSignal;
    this.isClosed = false;
    this.reachedAt = {};
    this.open = new Promise((resolve) => (this.resolveOpen = resolve));
    this.backlog = [];
    this.take = (message) => this.backlog.push(message);
  }

  // Calls `handler` with each message from now on, and with those that nobody has heard.
  listen(handler) {
    this.take = handler;
    this.backlog.splice(0).forEach(handler);
  }

  reach(milestone) {
    this.reachedAt[milestone] ??= performance.now();
    if (milestone === CHANNEL_OPEN) this.resolveOpen();
  }

  reachIce(state) {
    if (state === "connected" || state === "completed") this.reach(ICE_CONNECTED);
  }

  reachState(state) {
    if (state === "connected") this.reach(CONNECTED);
  }
}

// A peer whose stack has the names of the W3C.
export class W3cPeer extends Peer {
  constructor(RTCPeerConnection, sendSignal, servers) {
    super(sendSignal);
    // Candidates that come before the description would not be understood.
    this.early = [];
    const iceServers = servers.map((urls) => ({ urls }));
    const pc = (this.pc = new RTCPeerConnection({ iceServers }));
    pc.oniceconnectionstatechange = () => this.reachIce(pc.iceConnectionState);
    pc.onconnectionstatechange = () => this.reachState(pc.connectionState);
    pc.ondatachannel = (event) => this.adopt(event.channel);
    pc.onicecandidate = ({ candidate }) => {
      if (!candidate?.candidate) return;
      const { sdpMid, sdpMLineIndex } = candidate;
      this.signalCandidate({ candidate: candidate.candidate, sdpMid, sdpMLineIndex });
    };
  }

  async offer() {
    this.adopt(this.pc.createDataChannel("benchmark"));
    await this.describe(await this.pc.createOffer());
  }

  async receiveSignal(signal) {
    if ("candidate" in signal) return this.pc.addIceCandidate(signal);
    await this.pc.setRemoteDescription(signal);
    if (signal.type === "offer") await this.describe(await this.pc.createAnswer());
  }

  async describe(description) {
    await this.pc.setLocalDescription(description);
    const { type, sdp } = this.pc.localDescription;
    this.sendSignal({ type, sdp });
    const early = this.early;
    this.early = null;
    early.forEach((candidate) => this.sendSignal(candidate));
  }

  signalCandidate(signal) {
    if (this.early) this.early.push(signal);
    else this.sendSignal(signal);
  }

  adopt(channel) {
    this.channel = channel;
    channel.binaryType = "arraybuffer";
    channel.onmessage = (event) => this.take(event.data);
    channel.onopen = () => this.reach(CHANNEL_OPEN);
    if (channel.readyState === "open") this.reach(CHANNEL_OPEN);
  }

  send(message) {
    this.channel.send(message);
  }

  get buffered() {
    return this.channel.bufferedAmount;
  }

  async drain(low) {
    if (this.buffered <= low) return;
    this.channel.bufferedAmountLowThreshold = low;
    await new Promise((resolve) => (this.channel.onbufferedamountlow = resolve));
  }

  async close() {
    this.isClosed = true;
    await this.pc.close();
  }
}
