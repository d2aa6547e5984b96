/** What arrives at the system's log: keepalived's facility, name and words. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { VrrpState } from '../../src/model/vrrp-snapshot.ts';
import type { VrrpEvent } from '../../src/vrrp/reporter.ts';
import { keepalivedWords, Syslog } from '../../src/vrrp/syslog.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

function transition(
  from: VrrpState,
  to: VrrpState,
  owner: 'instance' | 'group' = 'instance',
): VrrpEvent & { kind: 'transition' } {
  return { kind: 'transition', owner, name: 'V', from, to, reason: 'r', priority: 100 };
}

/** A receiver of datagrams at a path, and what it has received. */
async function receive(t: TestContext, path: string): Promise<{ until(end: string): Promise<string> }> {
  const socat = spawn('socat', ['-u', '-d', '-d', `UNIX-RECV:${path}`, 'STDOUT']);
  t.after(() => void socat.kill());
  let text = '';
  socat.stdout.on('data', (data: Buffer) => (text += data.toString()));
  let said = '';
  const signal = AbortSignal.timeout(60_000);
  while (!said.includes('starting data transfer')) {
    const [data] = (await once(socat.stderr, 'data', { signal })) as [Buffer];
    said += data.toString();
  }
  return {
    until: async end => {
      while (!text.endsWith(end)) await once(socat.stdout, 'data', { signal });
      return text;
    },
  };
}

test('changes of state and complaints arrive as from keepalived; without a receiver they are lost and nobody waits', async t => {
  if (!requires(t, 'socat')) return;
  const path = join(temporaryFolder(t), 'log');
  const syslog = new Syslog(path);
  syslog.event(transition('INIT', 'BACKUP'));
  const receiver = await receive(t, path);
  syslog.event(transition('BACKUP', 'MASTER'));
  syslog.log('info', 'a detail');
  syslog.log('error', 'trouble');
  const text = await receiver.until('trouble');
  const head = String.raw`[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d Keepalived_vrrp\[${process.pid}\]: `;
  assert.match(text, new RegExp(String.raw`^<30>${head}\(V\) Entering MASTER STATE<27>${head}trouble$`));
});

test('the words for changes of state are those of keepalived', () => {
  assert.equal(keepalivedWords(transition('INIT', 'BACKUP')), '(V) Entering BACKUP STATE (init)');
  assert.equal(keepalivedWords(transition('MASTER', 'FAULT')), '(V) Entering FAULT STATE');
  assert.equal(
    keepalivedWords(transition('BACKUP', 'MASTER', 'group')),
    'VRRP_Group(V) Syncing instances to MASTER state',
  );
  assert.equal(keepalivedWords(transition('MASTER', 'INIT')), '(V) Stopped');
});
