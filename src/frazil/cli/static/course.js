// The course of both peers' ICE states and of the path between them, over one axis of time.

import { meaning } from "./state.js";

const SVG = "http://www.w3.org/2000/svg";
const LANES = { python: "Python", browser: "browser", path: "path" };
const LABEL = 64; // pixels on the left for the names
const LANE = 22;
const BAR = 14;
const SHORTEST = 3; // pixels, so that a moment can be seen
const WINDOW_S = 30; // at first; the axis then grows
const MARKS = [5, 10, 30, 60, 300, 600, 3600]; // seconds between two marks

export class Course {
  #svg;
  #clock;
  #spans = { python: [], browser: [], path: [] };

  /** `clock` gives the seconds since the connection began. */
  constructor(svg, clock) {
    this.#svg = svg;
    this.#clock = clock;
  }

  /** From `at` on, a lane is in another state. */
  add(lane, at, state) {
    this.#spans[lane].push({ at, state });
  }

  draw() {
    const now = this.#clock();
    const width = this.#svg.clientWidth - LABEL;
    const scale = width / Math.max(WINDOW_S, now);
    const parts = [];
    Object.entries(LANES).forEach(([lane, name], row) => {
      const y = row * LANE + 4;
      parts.push(make("text", { x: 0, y: y + BAR - 2 }, name));
      parts.push(make("rect", { x: LABEL, y, width, height: BAR, rx: 3, class: "track" }));
      this.#spans[lane].forEach(({ at, state }, index, spans) => {
        const until = spans[index + 1]?.at ?? now;
        const length = Math.max(SHORTEST, (until - at) * scale);
        const kind = lane === "path" ? state : meaning(state);
        parts.push(make("rect", { x: LABEL + at * scale, y, width: length, height: BAR, class: kind }));
      });
    });
    const step = MARKS.find((seconds) => seconds * scale >= 60) ?? MARKS.at(-1);
    for (let at = 0; at * scale < width - 20; at += step) {
      parts.push(make("text", { x: LABEL + at * scale, y: 3 * LANE + 16 }, `${at} s`));
    }
    this.#svg.replaceChildren(...parts);
  }
}

function make(name, attributes, text = "") {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.textContent = text;
  return element;
}
