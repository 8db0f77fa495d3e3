// DTLS, SCTP and the data channels.

import { lanesOf, kindOf } from "./change.js";
import { element, section, table } from "./dom.js";
import { badge } from "./state.js";
import { duration, size } from "./time.js";

export class Layers {
  #session;
  #body = element("div", { class: "layers" });
  #drawn = "";

  constructor(session) {
    this.#session = session;
    this.element = section("DTLS, SCTP and channels", this.#body);
  }

  draw() {
    const facts = { dtls: this.#dtls(), sctp: this.#sctp(), dropped: this.#dropped() };
    const channels = this.#channels();
    const shape = JSON.stringify([facts, channels]);
    if (shape === this.#drawn) return;
    this.#drawn = shape;
    this.#body.replaceChildren(
      list("DTLS", facts.dtls), list("SCTP", facts.sctp),
      channels.length > 0 ? table("Data channels", ["channel", "stream", "state", "sent", "received"],
        channels.map((each) => [each.label || "(no label)", each.stream, badge(each.state), each.sent, each.received]))
        : element("p", { class: "quiet" }, "There is no data channel."),
      facts.dropped.length > 0 ? list("Input that was dropped", facts.dropped) : "");
  }

  #dtls() {
    const session = this.#session;
    const transport = session.view.transports?.[0] ?? {};
    const times = lanesOf(session).filter(({ machine }) => kindOf(machine) === "dtls-transport")
      .flatMap(({ spans }) => spans).filter(({ state }) => state === "connecting");
    const count = (event) => String(session.of("dtls", event).reduce((sum, each) => sum + each.count, 0));
    return [
      ["state", stateOf(session, "dtls-transport")], ["role", transport.dtls_role],
      ["handshake", times[0] && times[0].record ? duration(times[0].until - times[0].from) : null],
      ["flights sent", count("flight-sent")], ["flights received", count("flight-received")],
      ["flights repeated", count("flight-repeated")],
      ["version", VERSIONS[transport.tls_version] ?? transport.tls_version], ["cipher", transport.cipher],
    ].filter(([, value]) => value);
  }

  #sctp() {
    const session = this.#session;
    const expiries = session.of("sctp", "t3-expired");
    const association = session.of("sctp", "association").at(-1)?.facts.new;
    const closed = session.of("sctp", "closed").at(-1);
    return [
      ["state", stateOf(session, "sctp-transport")], ["association", association],
      ["retransmission timeouts", String(expiries.reduce((sum, each) => sum + each.count, 0))],
      ["last timeout", expiries.length > 0 ? duration(expiries.at(-1).facts.rto_s) : null],
      ["closed", closed ? [closed.facts.cause, closed.facts.text].filter((each) => each).join(": ") : null],
    ].filter(([, value]) => value);
  }

  #channels() {
    const { view } = this.#session;
    if (view.channels) {
      return view.channels.map((each) => ({
        ...each,
        sent: `${each.messages_sent}, ${size(each.bytes_sent)}`,
        received: `${each.messages_received}, ${size(each.bytes_received)}`,
      }));
    }
    return this.#session.of("datachannel", "added").map(({ facts }) => ({
      label: facts.label, stream: facts.stream_id, state: this.#channelState(facts), sent: "–", received: "–",
    }));
  }

  #channelState({ stream_id: stream, state }) {
    const moves = this.#session.of("datachannel", "state")
      .filter(({ facts }) => facts.machine.split(" ").at(-1) === String(stream));
    return moves.at(-1)?.facts.new ?? state;
  }

  #dropped() {
    return Object.entries(this.#session.view.counters).map(([name, count]) => [name, String(count)]);
  }
}

const VERSIONS = { FEFF: "DTLS 1.0", FEFD: "DTLS 1.2", FEFC: "DTLS 1.3" };

function stateOf(session, kind) {
  return lanesOf(session).find(({ machine }) => kindOf(machine) === kind)?.spans.at(-1).state ?? null;
}

function list(title, rows) {
  return element("div", {}, element("h3", {}, title), element("dl", {}, rows.map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, name === "state" ? badge(value) : value)))));
}
