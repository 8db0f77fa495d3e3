// A line over time, drawn by hand, with a table behind it.

import { drawing, element, table } from "./dom.js";
import { levels, linearScale } from "./scale.js";
import { instant, roundInstant } from "./time.js";

const LEFT = 72;
const HEIGHT = 120;
const BOTTOM = 20;
const MAX_ROWS = 60;

/**
 * `series`: `[{name, kind, points: [[at, value]]}]`; a gap longer than `gap` seconds breaks a line.
 * `bands`: `[{from, until, kind}]` behind it, at which lines break if `isBroken`. `format` says a
 * value in words.
 */
export function plot({ title, series, bands, from, until, gap, format, width, isBroken = false }) {
  const scale = linearScale(from, until, width - LEFT - 8);
  const marks = levels(Math.max(...series.flatMap((each) => each.points.map(([, value]) => value)), 0));
  const y = (value) => HEIGHT - (value / marks.at(-1)) * (HEIGHT - 8);
  const x = (at) => LEFT + scale.x(at);
  const isApart = (one, other) => other - one > gap
    || (isBroken && bands.some((band) => band.from < other && band.until > one));
  const svg = drawing("svg", { width, height: HEIGHT + BOTTOM, role: "img", "aria-label": summary(title, series, format) });
  svg.append(
    ...bands.map((band) => drawing("rect", {
      class: `band ${band.kind}`, x: x(band.from), width: Math.max(1, x(band.until) - x(band.from)), y: 0, height: HEIGHT,
    })),
    ...marks.flatMap((mark) => [
      drawing("line", { class: "grid", x1: LEFT, x2: width - 8, y1: y(mark), y2: y(mark) }),
      drawing("text", { class: "level", x: LEFT - 8, y: y(mark) + 4 }, format(mark)),
    ]),
    ...scale.ticks(74).map((at) =>
      drawing("text", { class: "tick", x: x(at), y: HEIGHT + 15 }, roundInstant(at - from))),
    ...series.map((each) => drawing("path", { class: `line ${each.kind}`, d: pathOf(each.points, x, y, isApart) })));
  return element("figure", { class: "plot" },
    element("figcaption", {}, title, series.length > 1
      ? series.map((each) => element("span", { class: `key ${each.kind}` }, each.name)) : null),
    svg, numbers(title, series, from, format));
}

function pathOf(points, x, y, isApart) {
  let last = null;
  return points.map(([at, value]) => {
    const pen = last === null || isApart(last, at) ? "M" : "L";
    last = at;
    const place = `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    return pen === "M" ? `M${place}h.01` : `L${place}`; // a point on its own can be seen, too
  }).join("");
}

function summary(title, series, format) {
  const ranges = series.filter((each) => each.points.length > 0).map(({ name, points }) => {
    const values = points.map(([, value]) => value);
    return `${name}: from ${format(Math.min(...values))} to ${format(Math.max(...values))}`;
  });
  return `${title} over time. ${ranges.join("; ") || "No values yet"}.`;
}

/** The numbers, thinned out to what can be read. */
function numbers(title, series, from, format) {
  const instants = [...new Set(series.flatMap((each) => each.points.map(([at]) => at)))].sort((a, b) => a - b);
  const step = Math.ceil(instants.length / MAX_ROWS) || 1;
  const shown = instants.filter((_, index) => index % step === 0);
  const values = series.map((each) => new Map(each.points));
  const rows = shown.map((at) => [instant(at - from),
    ...values.map((each) => (each.has(at) ? format(each.get(at)) : ""))]);
  return element("details", {}, element("summary", {}, "Numbers"),
    table(title, ["time", ...series.map((each) => each.name)], rows));
}
