// One connection between this page and Python, from the first event to the last.

import { Badges } from "./badges.js";
import { Course } from "./course.js";
import { Link } from "./link.js";
import { Peer } from "./peer.js";
import { Timeline } from "./timeline.js";

const REDRAW_MS = 100;
const BUTTONS = ["blackout", "restart-python", "restart-browser", "close-python", "close-browser"];
const TOLD_TWICE = /^ice-(transport|gatherer) /; // with one transport, these are the connection's

const byId = (id) => document.getElementById(id);
const lane = (kind, peer) => document.querySelector(`.${kind}[data-peer=${peer}]`);

class Demo {
  #offerer;
  #badges = {};
  #timelines = {};
  #course;
  #link;
  #peer;
  #beganAt = performance.now() / 1000;
  #pythonBeganAt = 0;
  #pythonIsClosed = false;
  #isBlocked = false;
  #redrawing;

  constructor(offerer) {
    this.#offerer = offerer;
    for (const peer of ["python", "browser"]) {
      this.#badges[peer] = new Badges(lane("peer", peer).querySelector(".states"));
      this.#timelines[peer] = new Timeline(lane("timeline", peer));
    }
    this.#course = new Course(byId("course"), () => this.#now());
    this.#link = new Link((event) => this.#onEvent(event), () => this.#onLost());
    this.#peer = new Peer((signal) => this.#link.send("signal", signal));
    this.#listen();
    this.#redrawing = setInterval(() => this.#course.draw(), REDRAW_MS);
    this.#refresh();
  }

  perform(button) {
    const [verb, who] = button.split("-");
    if (verb === "blackout") this.#link.send("blackout");
    else if (who === "python") this.#link.send(verb);
    else this.#peer[verb]();
    this.#refresh();
  }

  say(who, text) {
    if (who === "python") {
      this.#link.send("say", { text });
    } else {
      this.#peer.say(text);
      this.#timelines.browser.message(this.#now(), "sends", text);
    }
  }

  /** Leaves both ends, without a trace in the page. */
  end() {
    clearInterval(this.#redrawing);
    this.#link.close();
    this.#peer.close();
  }

  // --- from Python ---

  #onEvent(event) {
    const at = event.at - this.#pythonBeganAt;
    const timeline = this.#timelines.python;
    switch (event.type) {
      case "hello":
        this.#begin(event.at);
        break;
      case "signal":
        this.#peer.receive(event.signal).catch((error) => this.#onRefused(error));
        break;
      case "state":
        this.#onPythonState(at, event);
        break;
      case "sent":
        timeline.message(at, "sends", event.text);
        break;
      case "arrived":
        timeline.message(at, "receives", event.text, event.after_s);
        break;
      case "path":
        this.#isBlocked = event.blocked;
        timeline.note(at, event.text, event.blocked ? "lost" : "well");
        this.#course.add("path", at, event.blocked ? "lost" : "idle");
        break;
      case "note":
        timeline.note(at, event.text);
        break;
      case "replaced":
        this.#link.close();
        this.#onLost("another page has taken this one's place");
        break;
    }
    this.#refresh();
  }

  #begin(at) {
    this.#pythonBeganAt = at;
    this.#beganAt = performance.now() / 1000;
    for (const peer of ["python", "browser"]) this.#course.add(peer, 0, "new");
    this.#course.add("path", 0, "idle");
    byId("link").textContent = `${this.#offerer === "python" ? "Python" : "the browser"} offers`;
    if (this.#offerer === "python") this.#link.send("start", { offerer: "python" });
    else this.#peer.open();
  }

  #onPythonState(at, { machine, old, new: state, reason }) {
    if (TOLD_TWICE.test(machine)) return;
    const name = machine.replace(/ 0$/, "");
    this.#timelines.python.state(at, name, old, state, reason);
    this.#badges.python.set(machine, state);
    if (machine === "ice-connection") this.#course.add("python", at, state);
    if (machine === "signaling") this.#pythonIsClosed = state === "closed";
  }

  #onLost(text = "Python is gone: start frazil demo --browser again, and use its new address") {
    byId("link").textContent = text;
    this.#pythonIsClosed = true;
    this.#refresh();
  }

  #onRefused(error) {
    this.#timelines.browser.note(this.#now(), `the browser refused a signal: ${error}`, "lost");
  }

  // --- from the browser's own connection ---

  #listen() {
    const timeline = this.#timelines.browser;
    this.#peer.addEventListener("state", ({ detail: { machine, old, state } }) => {
      timeline.state(this.#now(), machine, old, state);
      this.#badges.browser.set(machine, state);
      if (machine === "ice-connection") this.#course.add("browser", this.#now(), state);
      this.#refresh();
    });
    this.#peer.addEventListener("message", ({ detail: { text, afterS } }) => {
      timeline.message(this.#now(), "receives", text, afterS);
    });
    this.#peer.addEventListener("channel", ({ detail: type }) => {
      timeline.note(this.#now(), type === "open" ? "the channel is open" : "the channel is closed");
      this.#refresh();
    });
  }

  // --- the page ---

  #now() {
    return performance.now() / 1000 - this.#beganAt;
  }

  #refresh() {
    const isOpen = this.#peer?.isOpen ?? false;
    const isClosed = { python: this.#pythonIsClosed, browser: this.#peer?.isClosed ?? true };
    for (const id of BUTTONS) {
      const [verb, who] = id.split("-");
      byId(id).disabled = verb === "close" ? isClosed[who] : isClosed.python || isClosed.browser;
    }
    byId("blackout").disabled ||= this.#isBlocked;
    for (const who of ["python", "browser"]) byId(`say-${who}`).disabled = !isOpen;
  }
}

let demo = new Demo("python");

for (const id of BUTTONS) {
  byId(id).addEventListener("click", () => demo.perform(id));
}

for (const offerer of ["python", "browser"]) {
  byId(`again-${offerer}`).addEventListener("click", () => {
    demo.end();
    demo = new Demo(offerer);
  });
}

byId("chat").addEventListener("submit", (event) => {
  event.preventDefault();
  demo.say(event.submitter.value, byId("text").value);
});

addEventListener("pagehide", () => demo.end());
