/**
 * Prints a line of JSON whenever the carrier of an interface has come: run in the namespace of a router, it knows from
 * when on that could do something. The command that gives the carrier back ends at any time later. Word: interface.
 */
import { readFileSync } from 'node:fs';

const file = `/sys/class/net/${process.argv[2] ?? ''}/carrier`;
const PERIOD_MS = 1;
let before = has();

/** An interface that is down itself cannot be asked. */
function has(): boolean {
  try {
    return readFileSync(file, 'latin1') === '1\n';
  } catch {
    return false;
  }
}

setInterval(() => {
  const now = has();
  if (now && !before) console.log(JSON.stringify({ at: Date.now() }));
  before = now;
}, PERIOD_MS);
console.log('listening');
