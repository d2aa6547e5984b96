/** Whatever is typed into the admin socket, it answers and the process goes on. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMANDS } from '../../src/admin/table.ts';
import { startAdminBalancer } from '../support/admin-balancer.ts';
import { AdminTalk, ask, connectAdmin } from '../support/admin-client.ts';

const ENDINGS = [
  '',
  ' x',
  ' app',
  ' app/one',
  ' app/one x',
  ' app/one x y z',
  ' @1 x y z',
  ' #1 0x1',
  ' %[x] \\',
  ' -1',
];

/** They end the connection, lower its level, or wait. */
const LEFT_OUT = new Set(['quit', 'operator', 'user', 'prompt', 'wait', 'set severity-output', '_getsocks']);

test('every command answers any arguments, and nothing breaks', async t => {
  const { balancer, path } = await startAdminBalancer(t, { app: '  server one 127.0.0.1:1' });
  const talk = new AdminTalk(await connectAdmin(path));
  await talk.say('prompt', '\n> ');
  await talk.say('experimental-mode on;expert-mode on', '\n> ');
  for (const { words } of COMMANDS) {
    if (LEFT_OUT.has(words)) continue;
    const answer = await talk.say(ENDINGS.map(ending => words + ending).join(';'), '\n> ');
    assert.doesNotMatch(answer, /Internal error/, words);
  }
  assert.equal(await ask(path, 'show cli level'), 'admin\n\n');
  assert.doesNotMatch(balancer.output(), /ALERT.*(failed|died)/);
});
