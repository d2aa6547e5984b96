/** What the language offers and the compiler makes slow: not in code that requests run through. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';

test('no class has a private getter: each use of one is a call into the runtime', () => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(file =>
    file.endsWith('.ts'),
  );
  assert.ok(files.length > 100);
  const found = files.filter(file =>
    /^\s*(?:static )?[gs]et #/m.test(readFileSync(join('src', file), 'utf8')),
  );
  assert.deepEqual(found, []);
});
