// Imported before each test file: ends its process where no test runs any more and something keeps it alive, be it a
// socket or a process that a failed test has left behind, and says what.
import { afterEach, beforeEach } from 'node:test';
import { isMainThread } from 'node:worker_threads';

const PATIENCE_MS = 60_000;

let running = 0;
let late;

function end() {
  const open = process.getActiveResourcesInfo().join(', ');
  console.error(`no test has run for ${PATIENCE_MS / 1000} s, and these are open: ${open}`);
  process.exit(1);
}

if (isMainThread) {
  beforeEach(() => {
    running++;
    clearTimeout(late);
  });
  afterEach(() => {
    running--;
    clearTimeout(late);
    if (running === 0) late = setTimeout(end, PATIENCE_MS).unref();
  });
}
