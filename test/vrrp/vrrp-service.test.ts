/** The program's end of the VRRP process. */
import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { VrrpService } from '../../src/vrrp/process/vrrp-service.ts';

test(
  'a process that hangs is killed, and its keeper with it, when it does not stop in time',
  { timeout: 30_000 },
  async () => {
    const said = new EventEmitter();
    const lines: string[] = [];
    const service = new VrrpService({
      files: [],
      configId: undefined,
      log: (_level, message) => {
        lines.push(message);
        said.emit('line');
      },
      onReload: () => undefined,
      onFollows: () => undefined,
      stopLimitMs: 200,
    });
    while (!lines.some(line => line.includes('started as process'))) await once(said, 'line');
    const pid = Number(/process (\d+)/.exec(lines.join('\n'))?.[1]);
    process.kill(pid, 'SIGSTOP');
    await service.stop();
    assert.match(lines.join('\n'), /has not ended within 0.2 s, and is killed/);
    while (isRunning(pid)) await sleep(10);
  },
);

/** A zombie is not. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
