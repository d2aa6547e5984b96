/** Rights that a process keeps without root, or is told that it does not have. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { requires } from '../support/requirement.ts';

/** In a process that gives up root: what becomes of them, one list after the other. */
function heldBy(...lists: readonly string[]): readonly unknown[] {
  const code = `
    const { holdCapabilities, troubleOf } = await import(${JSON.stringify(resolve('dist/src/worker/process/capabilities.js'))});
    const wordsOf = list => ({ otherLines: [[{ text: 'setcap' }, { text: list }]] });
    holdCapabilities(wordsOf('cap_net_raw'));
    process.setuid(65534);
    const lists = ${JSON.stringify(lists)};
    console.log(JSON.stringify(lists.map(list => troubleOf(holdCapabilities(wordsOf(list))) ?? 'held')));
  `;
  const options = { encoding: 'utf8', timeout: 60_000 } as const;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', code], options),
  ) as readonly unknown[];
}

test('rights that were permitted are held, others are told of', t => {
  if (!requires(t, 'root')) return;
  assert.deepEqual(heldBy('cap_net_raw,cap_net_bind_service', 'cap_net_raw', 'cap_net_admin,cap_net_raw'), [
    'held',
    'held',
    'setcap: not permitted to this process: cap_net_admin.',
  ]);
});
