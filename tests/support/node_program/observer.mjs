// What every peer tells of.

const now = () => (performance.timeOrigin + performance.now()) / 1000;

export class Observer {
  channels = [];

  constructor(emit) {
    this.emit = emit;
  }

  observe(what, value) {
    this.emit("observation", { what, value: String(value), at: now() });
  }

  announce(channel, label, protocol) {
    this.emit("datachannel", { channel: this.adopt(channel), label, protocol });
  }

  /** Passes a message on: a string, or bytes. */
  deliver(index, data) {
    const body =
      typeof data === "string" ? { text: data } : { base64: Buffer.from(data).toString("base64") };
    this.emit("message", { channel: index, ...body });
  }
}
