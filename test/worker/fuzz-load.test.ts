/**
 * Mutated configurations through all that `-c` does, in this process and in the real program: each is accepted or
 * refused, quickly, and nothing is thrown. The random numbers are reproducible; a failure shows the text.
 * scripts/fuzz.mjs makes it longer.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderDiagnostics } from '../../src/config-parser/diagnostic.ts';
import { loadConfiguration } from '../../src/worker/start/load-configuration.ts';
import { LB } from '../support/balancer.ts';
import { ConfigMutator } from '../support/mutated-config.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SECONDS = Number(process.env['LB_FUZZ_SECONDS'] ?? '5');
const SEED = Number(process.env['LB_FUZZ_SEED'] ?? '1');
/** Of processor time, for one that takes milliseconds. */
const LONGEST_MS = 3000;
const GIVE_UP_MS = 60_000;

const TEXTS = ['test/cases/seed', 'test/cases/config', 'examples'].flatMap(folder =>
  readdirSync(folder)
    .filter(file => file.endsWith('.cfg'))
    .map(file => readFileSync(join(folder, file), 'latin1')),
);
const MUTATOR = new ConfigMutator(TEXTS);

function* mutants(isTimeLeft: () => boolean): Generator<string> {
  for (let seed = SEED * 1_000_000; isTimeLeft(); seed++) yield MUTATOR.mutate(seed);
}

test('mutated configurations are loaded or refused, and nothing is thrown', async t => {
  const file = join(temporaryFolder(t), 'mutated.cfg');
  let accepted = 0;
  let tried = 0;
  const begin = process.cpuUsage();
  // of processor time: how many are tried does not depend on what else goes on
  const isTimeLeft = (): boolean => {
    const { user, system } = process.cpuUsage(begin);
    return user + system < SECONDS * 1_000_000;
  };
  for (const text of mutants(isTimeLeft)) {
    writeFileSync(file, text, 'latin1');
    tried++;
    const before = process.cpuUsage();
    try {
      const { config, diagnostics } = await loadConfiguration([file], { ignoreUnresolvable: true });
      renderDiagnostics(diagnostics, { pid: 1, showDiag: true });
      if (config !== undefined) accepted++;
    } catch (error) {
      throw new Error(`it breaks on\n${text}`, { cause: error });
    }
    const { user, system } = process.cpuUsage(before);
    assert.ok(user + system < LONGEST_MS * 1000, `it takes long:\n${text}`);
  }
  assert.ok(accepted > 0);
  t.diagnostic(`${tried} texts, ${accepted} accepted`);
});

/** Without a mistake, but nothing to serve: HAProxy's word for an end with 2, which `quiet` keeps to itself. */
const NO_LISTENER = /^Configuration file has no error but will not start \(no listener\) => exit\(2\)\.$/m;
const QUIET = /^\s*quiet\b/m;

test('bin/lb -c ends with 0, 1 or 2 and no stack trace, whatever it reads', async t => {
  const file = join(temporaryFolder(t), 'mutated.cfg');
  const end = performance.now() + SECONDS * 1000;
  for (const text of mutants(() => performance.now() < end)) {
    writeFileSync(file, text, 'latin1');
    const child = spawn(LB, ['-c', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const output of [child.stdout, child.stderr])
      output.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
    const timer = setTimeout(() => child.kill('SIGKILL'), GIVE_UP_MS);
    const [code] = (await once(child, 'close')) as [number | null];
    clearTimeout(timer);
    const isTold = NO_LISTENER.test(said) || (said === '' && QUIET.test(text));
    const isExpected = code === 0 || code === 1 || (code === 2 && isTold);
    assert.ok(isExpected, `it ends with ${code}: ${said}\non\n${text}`);
    assert.doesNotMatch(said, /^ +at .*:\d+:\d+/m, text);
  }
});
