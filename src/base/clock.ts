/**
 * The clock all threads of the process share: milliseconds, monotonic, the same reading in every thread
 * (performance.now() alone counts from the start of its own thread). Wall-clock time is Date.now().
 */
const [seconds, nanoseconds] = process.hrtime();
const offsetMs = seconds * 1000 + nanoseconds / 1e6 - performance.now();

export function monotonicMs(): number {
  return performance.now() + offsetMs;
}
