/**
 * Whether the end of a connection may go with its last bytes. Who hears of it expects the exchange to be counted and logged,
 * which is done right behind: within microseconds, but milliseconds as long as the code is cold.
 */
const COLD = 1000;

let ended = 0;

export function mayEndAhead(): boolean {
  return ++ended > COLD;
}
