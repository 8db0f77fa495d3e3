// The browser's end of the connection, kept negotiated whichever side wants a change (perfect
// negotiation, webrtc-pc 10.7). The browser is the polite side: a colliding offer of its own is
// rolled back by setRemoteDescription.

/** The attribute behind each state machine, and the machines by the names that Python gives them. */
const ATTRIBUTES = {
  "connection": "connectionState",
  "ice-connection": "iceConnectionState",
  "signaling": "signalingState",
  "ice-gathering": "iceGatheringState",
};

/** Fires `state` ({machine, old, state}), `channel` ("open" or "close"), `message` ({text, afterS}). */
export class Peer extends EventTarget {
  #pc = new RTCPeerConnection();
  #channel = null;
  #signal;
  #states = {};

  /** `signal` takes descriptions and candidates to Python. */
  constructor(signal) {
    super();
    this.#signal = signal;
    for (const [machine, attribute] of Object.entries(ATTRIBUTES)) {
      this.#states[machine] = this.#pc[attribute];
      this.#pc.addEventListener(`${attribute.toLowerCase()}change`, () => this.#report(machine));
    }
    this.#pc.onnegotiationneeded = () => this.#describe();
    this.#pc.onicecandidate = ({ candidate }) => signal({ candidate }); // null: that was the last
    this.#pc.ondatachannel = ({ channel }) => this.#adopt(channel);
  }

  get isOpen() {
    return this.#channel?.readyState === "open";
  }

  get isClosed() {
    return this.#pc.signalingState === "closed";
  }

  /** Opens the channel, which makes the browser the one who offers. */
  open() {
    this.#adopt(this.#pc.createDataChannel("chat"));
  }

  say(text) {
    this.#channel.send(JSON.stringify({ text, sentAt: Date.now() / 1000 }));
  }

  restart() {
    this.#pc.restartIce();
  }

  /** Closes. No event tells of it (webrtc-pc), so this reports what the states are now. */
  close() {
    this.#pc.close();
    Object.keys(ATTRIBUTES).forEach((machine) => this.#report(machine));
  }

  async receive({ description, candidate }) {
    if (!description) {
      await this.#pc.addIceCandidate(candidate);
      return;
    }
    await this.#pc.setRemoteDescription(description);
    if (description.type === "offer") await this.#describe();
  }

  /** Makes and sends the offer or answer that is due. */
  async #describe() {
    await this.#pc.setLocalDescription();
    this.#signal({ description: this.#pc.localDescription });
  }

  #adopt(channel) {
    this.#channel = channel;
    for (const type of ["open", "close"]) {
      channel.addEventListener(type, () => this.#fire("channel", type));
    }
    channel.onmessage = ({ data }) => {
      const { text, sentAt } = JSON.parse(data);
      this.#fire("message", { text, afterS: Date.now() / 1000 - sentAt });
    };
  }

  #report(machine) {
    const old = this.#states[machine];
    const state = this.#pc[ATTRIBUTES[machine]];
    if (state === old) return;
    this.#states[machine] = state;
    this.#fire("state", { machine, old, state });
  }

  #fire(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
