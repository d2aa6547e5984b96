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
import { compileAll } from '../../src/proxy/check-rules.ts';

const FOLDER = 'test/cases/config';
const ROUNDS = 3000;

const TEXTS = readdirSync(FOLDER)
  .filter(file => file.endsWith('.cfg'))
  .map(file => readFileSync(join(FOLDER, file), 'utf8'));
const LINES = TEXTS.flatMap(text => text.split('\n'));
const WORDS = LINES.flatMap(line => line.trim().split(/\s+/));
const ODD = [
  '"',
  "'",
  '\\',
  '${',
  '"${A',
  '\0',
  '\r',
  '{',
  '}',
  '!',
  '-1',
  '99999999999999999999',
  '%[',
  '#',
  '',
  '\uFEFF',
  'é',
  '__proto__',
  'constructor',
  'no',
  'default',
  'if',
  '.if',
  '.else',
  '.endif',
  '(',
  ')',
];

/** mulberry32 */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) % below;
  };
}

type Random = ReturnType<typeof createRandom>;

function pick<Item>(items: readonly Item[], random: Random): Item {
  return items[random(items.length)] as Item;
}

type Mutation = (lines: string[], random: Random) => void;

const MUTATIONS: readonly Mutation[] = [
  (lines, random) => lines.splice(random(lines.length + 1), 0, pick(LINES, random)),
  (lines, random) => lines.splice(random(lines.length), 1),
  (lines, random) => changeWord(lines, random, () => pick(WORDS, random)),
  (lines, random) => changeWord(lines, random, () => pick(ODD, random)),
  (lines, random) => changeWord(lines, random, word => word.slice(0, random(word.length + 1))),
  (lines, random) => changeWord(lines, random, word => word + pick(ODD, random)),
  (lines, random) => changeWord(lines, random, () => ''),
  (lines, random) => changeWord(lines, random, word => `${word} ${pick(WORDS, random)}`),
];

function changeWord(lines: string[], random: Random, change: (word: string) => string): void {
  const at = random(lines.length);
  const words = (lines[at] ?? '').split(' ');
  const index = random(words.length);
  words[index] = change(words[index] ?? '');
  lines[at] = words.join(' ');
}

function mutate(seed: number): string {
  const random = createRandom(seed);
  const lines = pick(TEXTS, random).split('\n');
  for (let count = 1 + random(6); count > 0; count--) pick(MUTATIONS, random)(lines, random);
  return lines.join('\n');
}

test(`${ROUNDS} mutated configurations are accepted or refused, and nothing is thrown`, () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const text = mutate(seed);
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
