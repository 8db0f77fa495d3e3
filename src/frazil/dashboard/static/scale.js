// From instants to pixels.

const UNIT_S = 0.004; // what happens closer together than this is drawn close together
const STEPS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120,
  300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400];

/** True to scale. `ticks(gap)` gives instants at least `gap` pixels apart. */
export function linearScale(from, until, width) {
  const length = Math.max(until - from, 1e-3);
  const x = (at) => ((at - from) / length) * width;
  const ticks = (gap) => {
    const step = STEPS.find((each) => (each / length) * width >= gap) ?? length;
    const count = Math.floor(length / step);
    const all = Array.from({ length: count + 1 }, (_, index) => from + index * step);
    return all.filter((at) => width - x(at) >= gap / 2);
  };
  return { x, ticks };
}

/**
 * By events: each pause between two of `instants` takes the logarithm of its length, so that the
 * milliseconds of a start and the hours after it can be seen together.
 */
export function eventScale(instants, width) {
  const sorted = [...new Set(instants)].sort((a, b) => a - b);
  const places = [0];
  for (let i = 1; i < sorted.length; i += 1) {
    places.push(places[i - 1] + Math.log1p((sorted[i] - sorted[i - 1]) / UNIT_S));
  }
  const total = places.at(-1) || 1;
  const pixels = places.map((place) => (place / total) * width);
  const x = (at) => {
    const next = sorted.findIndex((each) => each >= at);
    if (next < 0) return width;
    if (next === 0 || sorted[next] === at) return pixels[next];
    const share = (at - sorted[next - 1]) / (sorted[next] - sorted[next - 1]);
    return pixels[next - 1] + share * (pixels[next] - pixels[next - 1]);
  };
  const ticks = (gap) => {
    const chosen = [];
    for (const at of sorted) {
      const isFree = chosen.length === 0 || x(at) - x(chosen.at(-1)) >= gap;
      if (isFree && width - x(at) >= gap / 2) chosen.push(at);
    }
    return chosen;
  };
  return { x, ticks };
}

/** Round numbers from 0 to at least `most`, about `count` of them. */
export function levels(most, count = 3) {
  if (!(most > 0)) return [0, 1];
  const rough = most / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const marks = [0];
  while (marks.at(-1) < most - step * 1e-9) marks.push(marks.length * step);
  return marks;
}
