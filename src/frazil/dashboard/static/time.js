// Instants and durations, in words.

/** A duration, as precise as it is short. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 0.9995) return `${trim(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${trim(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

/** An instant on the axis of a session. */
export function instant(seconds) {
  if (seconds < 60) return `${seconds.toFixed(3)} s`;
  const minutes = Math.floor(seconds / 60);
  const rest = (seconds - minutes * 60).toFixed(1).padStart(4, "0");
  if (minutes < 60) return `${minutes}:${rest}`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${rest}`;
}

/** A round instant on an axis. */
export function roundInstant(seconds) {
  return seconds < 60 ? `${trim(seconds)} s` : instant(seconds).replace(/\.0$/, "");
}

/** Bytes per second. */
export function rate(bytes) {
  const bits = bytes * 8;
  if (bits >= 1e6) return `${trim(bits / 1e6)} Mbit/s`;
  if (bits >= 1e3) return `${trim(bits / 1e3)} kbit/s`;
  return `${trim(bits)} bit/s`;
}

/** An amount of bytes. */
export function size(bytes) {
  if (bytes >= 1e6) return `${trim(bytes / 1e6)} MB`;
  if (bytes >= 1e3) return `${trim(bytes / 1e3)} kB`;
  return `${bytes} B`;
}

function trim(number) {
  if (number >= 100) return number.toFixed(0);
  if (number >= 10) return number.toFixed(1).replace(/\.0$/, "");
  return number.toFixed(2).replace(/\.?0+$/, "");
}
