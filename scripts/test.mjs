// Runs the built tests with node:test: `node scripts/test.mjs [part of a path ...]`. Without a part everything runs,
// and then the flows once more on the engine that serves where the kernel forbids the ring: LB_TEST_ENGINE=node
// does that for the parts that are named.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);
const all = readdirSync(join(root, 'dist/test'), { recursive: true })
  .map(String)
  .filter(file => file.endsWith('.test.js'))
  .toSorted();
/** Flows that serve no traffic. */
const WITHOUT_ENGINE = /^flows\/(?:vrrp|command-line|explain|health|resolvers|process)/;

/** A test that hangs is a test that fails, after ten minutes. */
function run(files, environment) {
  const { status } = spawnSync(
    process.execPath,
    [
      '--test',
      '--test-concurrency=2',
      '--test-timeout=600000',
      ...files.map(file => join('dist/test', file)),
    ],
    { cwd: root, stdio: 'inherit', env: { ...process.env, ...environment } },
  );
  return status ?? 1;
}

const files = all.filter(file => wanted.length === 0 || wanted.some(part => file.includes(part)));
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`);
  process.exit(1);
}
const first = run(files, {});
if (wanted.length > 0 || process.env['LB_TEST_ENGINE'] !== undefined) process.exit(first);
const flows = all.filter(file => file.startsWith('flows/') && !WITHOUT_ENGINE.test(file));
process.exit(run(flows, { LB_TEST_ENGINE: 'node' }) || first);
