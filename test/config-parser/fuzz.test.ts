/**
 * The parser answers whatever it is given: mutated configurations never throw, and never load without a model.
 * The random numbers are reproducible; a failure names the seed.
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasFatal, renderDiagnostics } from '../../src/config-parser/diagnostic.ts';
import { parseConfig } from '../../src/config-parser/parse.ts';
import { compileAll } from '../../src/proxy/runtime/check-rules.ts';
import { ConfigMutator } from '../support/mutated-config.ts';

const FOLDER = 'test/cases/config';
const ROUNDS = 3000;

const TEXTS = readdirSync(FOLDER)
  .filter(file => file.endsWith('.cfg'))
  .map(file => readFileSync(join(FOLDER, file), 'utf8'));
const MUTATOR = new ConfigMutator(TEXTS);

test(`${ROUNDS} mutated configurations are accepted or refused, and nothing is thrown`, () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const text = MUTATOR.mutate(seed);
    try {
      const { config, faulty, diagnostics } = parseConfig([{ path: 'fuzz.cfg', text }], {
        environment: { A: 'a b' },
        readFile: path => (path.length % 2 === 0 ? { text: 'HTTP/1.0 200 OK\r\n\r\n' } : { error: 'none' }),
      });
      assert.equal(config === undefined, hasFatal(diagnostics));
      const understood = config ?? faulty;
      if (understood !== undefined) compileAll(understood);
      renderDiagnostics(diagnostics, { pid: 1, showDiag: true });
    } catch (error) {
      throw new Error(`seed ${seed} breaks the parser:\n${text}`, { cause: error });
    }
  }
});
