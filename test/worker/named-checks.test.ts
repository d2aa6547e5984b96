import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfiguration } from '../../src/worker/start/load-configuration.ts';

test('names of addr and agent-addr are addresses when the configuration is loaded', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lb-named-checks-'));
  const path = join(folder, 'x.cfg');
  const agent = 'agent-check agent-port 9 agent-addr localhost';
  writeFileSync(path, `backend b\n server s 192.0.2.1:80 check addr localhost:81 ${agent}\n`);
  const { config } = await loadConfiguration([path]);
  rmSync(folder, { recursive: true });
  const server = config?.proxies[0]?.servers[0];
  assert.deepEqual(server?.check?.address, { kind: 'ip', family: 4, host: '127.0.0.1', port: 81 });
  assert.deepEqual(server.agent?.address, { kind: 'ip', family: 4, host: '127.0.0.1', port: 0 });
});
