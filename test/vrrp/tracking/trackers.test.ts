/** What tracked things mean for a priority, and how each of them is looked at. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { numberIn } from '../../../src/base/number-file.ts';
import type { VrrpScript, VrrpTrackProcess } from '../../../src/model/keepalived.ts';
import { systemClock, type Clock } from '../../../src/vrrp/clock.ts';
import { scriptTrouble } from '../../../src/vrrp/run-script.ts';
import { trackFile } from '../../../src/vrrp/tracking/file-tracker.ts';
import { listProcesses, matches, type ProcessEntry } from '../../../src/vrrp/tracking/process-tracker.ts';
import { advanceScript, trackScript, type ScriptHealth } from '../../../src/vrrp/tracking/script-tracker.ts';
import { effectivePriority, judge, judgeFile } from '../../../src/vrrp/tracking/track-value.ts';
import { requires } from '../../support/requirement.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../../support/until.ts';

const position = { file: '', line: 0, column: 0 };
const tracked = (weight: number, reverse = false) => ({ name: 'x', weight, reverse });

test('a weight of 0 is a fault while down, a positive one counts while up, a negative one while down', () => {
  assert.deepEqual(judge(tracked(0), true), { add: 0 });
  assert.deepEqual(judge(tracked(0), false), { fault: true });
  assert.deepEqual(judge(tracked(20), true), { add: 20 });
  assert.deepEqual(judge(tracked(20), false), { add: 0 });
  assert.deepEqual(judge(tracked(-20), true), { add: 0 });
  assert.deepEqual(judge(tracked(-20), false), { add: -20 });
});

test('reverse turns all of it round', () => {
  assert.deepEqual(judge(tracked(0, true), true), { fault: true });
  assert.deepEqual(judge(tracked(0, true), false), { add: 0 });
  assert.deepEqual(judge(tracked(20, true), true), { add: -20 });
  assert.deepEqual(judge(tracked(-20, true), false), { add: 20 });
});

test('a file counts by its value: weight 0 makes any value but 0 a fault, below -253 too', () => {
  assert.deepEqual(judgeFile(tracked(0), 0), { add: 0 });
  assert.deepEqual(judgeFile(tracked(0), 1), { fault: true });
  assert.deepEqual(judgeFile(tracked(2), -30), { add: -60 });
  assert.deepEqual(judgeFile(tracked(1), -254), { fault: true });
  assert.deepEqual(judgeFile(tracked(1), 9999), { add: 253 });
});

test('the effective priority stays between 1 and 254, and an owner is an owner', () => {
  assert.equal(effectivePriority(100, -200), 1);
  assert.equal(effectivePriority(100, 200), 254);
  assert.equal(effectivePriority(255, -100), 255);
});

test('the first result of a script counts at once, later ones after rise and fall', () => {
  const policy = { rise: 2, fall: 3 };
  let health: ScriptHealth = { up: undefined, against: 0 };
  const states = [false, true, true, false, false, true, false, false, false].map(success => {
    health = advanceScript(health, success, policy);
    return health.up;
  });
  assert.deepEqual(states, [false, false, true, true, true, true, true, true, false]);
});

function script(command: string, more: Partial<VrrpScript> = {}): VrrpScript {
  return {
    name: 's',
    position,
    script: { position, argv: ['/bin/sh', '-c', command] },
    intervalMs: 30,
    timeoutMs: 1000,
    weight: 0,
    reverse: false,
    rise: 1,
    fall: 1,
    initFail: false,
    ...more,
  };
}

/** The states a script goes through until it has had `count` of them. */
async function statesOf(
  definition: VrrpScript,
  count: number,
): Promise<{ states: boolean[]; log: string[] }> {
  const states: boolean[] = [];
  const log: string[] = [];
  await new Promise<void>(resolve => {
    const tracker = trackScript(definition, {
      clock: systemClock,
      accounts: { enableScriptSecurity: false },
      log: message => void log.push(message),
      onChange: up => {
        states.push(up);
        if (states.length < count) return;
        tracker.stop();
        resolve();
      },
    });
  });
  return { states, log };
}

test('a script is run again and again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lb-script-'));
  try {
    const flag = join(folder, 'flag');
    // succeeds once, then fails
    const { states } = await statesOf(script(`test ! -e ${flag} && touch ${flag}`), 2);
    assert.deepEqual(states, [true, false]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a script that outlives its timeout fails, and so does one that cannot be run', async () => {
  const slow = await statesOf(script('exec sleep 5', { timeoutMs: 50 }), 1);
  assert.deepEqual(slow.states, [false]);
  assert.match(slow.log.join(), /timed out/);
  const missing = await statesOf(script('', { script: { position, argv: ['/nonexistent/check'] } }), 1);
  assert.deepEqual(missing.states, [false]);
  assert.match(missing.log.join(), /not an executable file/);
});

test('a script that outlives its timeout leaves nothing behind that it has started', async t => {
  const path = join(temporaryFolder(t), 'pid');
  await statesOf(script(`sleep 600 & echo $! > ${path}; wait`, { timeoutMs: 200 }), 1);
  const pid = Number(readFileSync(path, 'utf8'));
  t.after(() => {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // as it should be
    }
  });
  // of what waits to be reaped nothing is left but its number
  const runs = (): boolean =>
    existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  await until('its end', () => !runs());
});

test('a path behind < is good when it opens', async () => {
  const opened = async (...argv: string[]): Promise<boolean[]> =>
    (await statesOf(script('', { script: { position, argv } }), 1)).states;
  assert.deepEqual(await opened('</dev/null'), [true]);
  assert.deepEqual(await opened('<', '/dev/null'), [true]);
  assert.deepEqual(await opened('</nonexistent/file'), [false]);
});

test('with script security root does not run what others can change', async () => {
  if (process.getuid?.() !== 0) return;
  const folder = mkdtempSync(join(tmpdir(), 'lb-script-'));
  try {
    const path = join(folder, 'check');
    writeFileSync(path, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    chmodSync(path, 0o777);
    const definition = script('', { script: { position, argv: [path], user: 'root' } });
    const states: boolean[] = [];
    const log: string[] = [];
    await new Promise<void>(resolve => {
      const tracker = trackScript(definition, {
        clock: systemClock,
        accounts: { enableScriptSecurity: true },
        log: message => void log.push(message),
        onChange: up => {
          states.push(up);
          tracker.stop();
          resolve();
        },
      });
    });
    assert.deepEqual(states, [false]);
    assert.match(log.join(), /enable_script_security/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a program is judged with the rights of the account that runs it', t => {
  if (!requires(t, 'root')) return;
  const folder = temporaryFolder(t);
  const argv = [join(folder, 'check')];
  writeFileSync(argv[0] ?? '', '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  const troubleOf = (user: string): string | undefined =>
    scriptTrouble({ position, argv, user }, { enableScriptSecurity: false });
  chmodSync(folder, 0o700);
  assert.equal(troubleOf('root'), undefined);
  assert.match(troubleOf('nobody') ?? '', /check is not an executable file for user nobody/);
  chmodSync(folder, 0o755);
  assert.equal(troubleOf('nobody'), undefined);
});

test('the number at the start of a file is its value', () => {
  assert.equal(numberIn('12\n'), 12);
  assert.equal(numberIn('  -3 of them'), -3);
  assert.equal(numberIn('none'), 0);
  assert.equal(numberIn('99999999999'), 2_147_483_647);
});

test('a tracked file is read when it is written, replaced or removed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lb-file-'));
  const path = join(folder, 'value');
  let resume = (): void => {};
  let lookAgain = (): void => {};
  const clock: Clock = {
    ...systemClock,
    after: (_, callback) => {
      lookAgain = callback;
      resume();
      return () => undefined;
    },
  };
  // watching a file keeps no process alive, this does
  const ending = new AbortController();
  const patience = sleep(10_000, undefined, { signal: ending.signal }).catch(() => {});
  const tracker = trackFile(
    { name: 'f', position, file: path, weight: 1, reverse: false, initFile: { value: 5, overwrite: false } },
    { clock, onChange: () => resume(), log: () => {} },
  );
  const changed = async (change: () => void): Promise<number> => {
    const done = new Promise<void>(resolve => (resume = resolve));
    change();
    await Promise.race([done, patience]);
    return tracker.value();
  };
  try {
    assert.equal(tracker.value(), 5);
    assert.equal(await changed(() => writeFileSync(path, '7')), 7);
    writeFileSync(`${path}.new`, '9');
    assert.equal(await changed(() => renameSync(`${path}.new`, path)), 9);
    // emptied first, as every shell does
    let descriptor = -1;
    assert.equal(await changed(() => (descriptor = openSync(path, 'w'))), 9);
    assert.equal(await changed(() => writeSync(descriptor, '3')), 3);
    closeSync(descriptor);
    assert.equal(await changed(() => truncateSync(path)), 3);
    lookAgain();
    assert.equal(tracker.value(), 0, 'it has stayed empty');
    writeFileSync(`${path}.new`, '4');
    assert.equal(await changed(() => renameSync(`${path}.new`, path)), 4);
    assert.equal(await changed(() => rmSync(path)), 0);
  } finally {
    ending.abort();
    tracker.stop();
    rmSync(folder, { recursive: true });
  }
});

function processTrack(process: readonly string[], more: Partial<VrrpTrackProcess> = {}): VrrpTrackProcess {
  return {
    name: 'p',
    position,
    process,
    fullCommand: false,
    weight: 0,
    reverse: false,
    quorum: 1,
    quorumMax: Infinity,
    forkDelayMs: 0,
    terminateDelayMs: 0,
    ...(process.length > 1 ? { paramMatch: 'exact' as const, fullCommand: true } : {}),
    ...more,
  };
}

function entry(comm: string, commandLine: readonly string[] = [comm], zombie = false): ProcessEntry {
  return { comm, zombie, commandLine: () => commandLine };
}

test('a process matches by name, by its whole command, or with its parameters', () => {
  assert.ok(matches(entry('haproxy'), processTrack(['haproxy'])));
  assert.ok(!matches(entry('haproxy2'), processTrack(['haproxy'])));
  assert.ok(!matches(entry('haproxy', ['haproxy'], true), processTrack(['haproxy'])));
  assert.ok(matches(entry('a-very-long-nam'), processTrack(['a-very-long-name-indeed'])));
  const running = entry('lb', ['/usr/bin/lb', '-f', '/etc/lb.cfg']);
  const program = '/usr/bin/lb';
  assert.ok(matches(running, processTrack([program, '-f', '/etc/lb.cfg'])));
  assert.ok(!matches(running, processTrack(['lb', '-f', '/etc/lb.cfg'])));
  assert.ok(!matches(running, processTrack([program, '-f'])));
  assert.ok(matches(running, processTrack([program, '-f'], { paramMatch: 'partial' })));
  assert.ok(matches(running, processTrack([program, '-f', '/etc/'], { paramMatch: 'initial' })));
  assert.ok(matches(running, processTrack([program, '-'], { paramMatch: 'initial' })));
  assert.ok(matches(running, processTrack([program], { fullCommand: true })));
  assert.ok(!matches(running, processTrack([program], { fullCommand: true, paramMatch: 'exact' })));
});

test('the processes of this machine are listed, this one among them', async () => {
  const entries = await listProcesses();
  assert.ok(entries.some(one => one.commandLine().some(word => word.includes('trackers.test'))));
});
