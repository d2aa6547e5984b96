/** Paths of `json_query` come from scripts, too, which may make them of what clients send. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { JSON_CONVERTERS } from '../../src/acl/converters/json.ts';

type Compile = (args: readonly { readonly text: string }[]) => (text: string) => unknown;

const PATHS = 50_000;
/** Of a path; all of them together are some dozens of megabytes. */
const BYTES = 500;

function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

test('a path that nobody asks for any more is not remembered', () => {
  const compile = JSON_CONVERTERS.find(({ name }) => name === 'json_query')?.compile as unknown as Compile;
  const before = usedBytes();
  for (let number = 0; number < PATHS; number++) {
    const key = `${number}${'x'.repeat(BYTES)}`;
    const query = compile([{ text: `$.${key}` }]);
    if (number % 1000 === 0) assert.equal(query(`{"${key}":"found"}`), 'found');
    else query('{}');
  }
  const grown = usedBytes() - before;
  assert.ok(grown < (PATHS * BYTES) / 4, `${grown} bytes more`);
});
