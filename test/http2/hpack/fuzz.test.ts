/** Blocks that were drawn are read as they were meant; mutated ones are refused or read, never worse. scripts/fuzz.mjs makes it longer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HpackDecoder } from '../../../src/http2/hpack/decoder.ts';
import { fieldsOf } from '../../support/hpack-blocks.ts';
import { HpackModel } from '../../support/hpack-model.ts';
import { ByteMutator } from '../../support/mutated-bytes.ts';
import { randomNumbers } from '../../support/random-numbers.ts';

const SECONDS = Number(process.env['LB_FUZZ_SECONDS'] ?? 1);
const SEED = Number(process.env['LB_FUZZ_SEED'] ?? 1);
const LONGEST_MS = 100;
const LIST_BYTES = 65_536;

function untilTime(round: (number: number) => void): void {
  const end = performance.now() + (SECONDS * 1000) / 2;
  for (let number = 0; performance.now() < end; number++) round(number);
}

test('drawn blocks are read as they were meant', () => {
  const below = randomNumbers(SEED);
  untilTime(round => {
    const limit = below(3) === 0 ? 4096 : below(20_000);
    const decoder = new HpackDecoder(limit);
    const model = new HpackModel(below, Math.max(4096, limit));
    for (let block = 0; block < 20; block++) {
      const drawn = model.draw();
      assert.deepEqual(fieldsOf(decoder, drawn.block), drawn.fields, `round ${round}, block ${block}`);
    }
  });
});

test('mutated blocks throw nothing and take no time', () => {
  const mutator = new ByteMutator(SEED);
  untilTime(round => {
    const decoder = new HpackDecoder(4096);
    const model = new HpackModel(mutator.below, 4096);
    for (let block = 0; block < 20; block++) {
      const { block: drawn } = model.draw();
      const bytes = mutator.below(8) === 0 ? mutator.garbage(300) : mutator.mutate(drawn);
      const started = process.cpuUsage();
      const fields = fieldsOf(decoder, bytes, LIST_BYTES);
      const { user, system } = process.cpuUsage(started);
      assert.ok(
        user + system < LONGEST_MS * 1000,
        `round ${round}, ${bytes.length} bytes: ${user + system} us`,
      );
      if (fields === undefined) return;
      const size = fields.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
      assert.ok(size <= LIST_BYTES);
    }
  });
});
