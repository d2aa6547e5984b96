/** Waits for what no event tells of: asks again and again, for a bounded time. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

const WITHIN_MS = 60_000;
const AGAIN_MS = 10;

/** Fails when it does not hold in time; `what` says of what. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + WITHIN_MS; !(await holds()); await sleep(AGAIN_MS))
    assert.ok(Date.now() < deadline, `${what} did not happen`);
}

/** Reads again until the text is the wanted one, and answers it. */
export async function untilMatches(read: () => string | Promise<string>, wanted: RegExp): Promise<string> {
  for (const deadline = Date.now() + WITHIN_MS; ; await sleep(AGAIN_MS)) {
    const text = await read();
    if (wanted.test(text)) return text;
    assert.ok(Date.now() < deadline, `never ${wanted}: ${text}`);
  }
}
