// Runs the built tests with node:test: `node scripts/test.mjs [part of a path ...]`. Without a part everything runs,
// and then the flows once more on the engine that serves where the kernel forbids the ring: LB_TEST_ENGINE=node
// does that for the parts that are named. Last it says which files took longest.
import { readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec, tap } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const built = resolve('dist/test');
const wanted = process.argv.slice(2);
const all = readdirSync(built, { recursive: true })
  .map(String)
  .filter(file => file.endsWith('.test.js'))
  .toSorted();
/** Flows that serve no traffic, choose the engine themselves, or are about what the engine has no part in. */
const WITHOUT_ENGINE =
  /^flows\/(?:vrrp|command-line|explain|health|resolvers|process|install|early-|original-destination|few-descriptors|reset-before-accept|statistics-browser)/;
/** Two minutes of mostly waiting: begun first, they pass beside all the others. */
const LONGEST = /^vrrp\/failover/;
/** A test that hangs is a test that fails. */
const TIMEOUT_MS = 600_000;
const SLOWEST_SHOWN = 10;

/** Resolves to whether all of them passed; adds to `durations` what each file took. */
async function runAll(files, durations) {
  let passed = true;
  const inOrder = [...files].sort((one, other) => LONGEST.test(other) - LONGEST.test(one));
  const events = run({ files: inOrder.map(file => join(built, file)), concurrency: 2, timeout: TIMEOUT_MS });
  events.on('test:fail', () => (passed = false));
  events.on('test:complete', ({ name, nesting, details }) => {
    if (nesting === 0 && name.endsWith('.test.js')) durations.push([name, details.duration_ms]);
  });
  const report = events.compose(process.stdout.isTTY ? new spec() : tap);
  report.pipe(process.stdout, { end: false });
  await finished(report, { writable: false });
  return passed;
}

const files = all.filter(file => wanted.length === 0 || wanted.some(part => file.includes(part)));
if (files.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`);
  process.exit(1);
}
const durations = [];
let passed = await runAll(files, durations);
if (wanted.length === 0 && process.env['LB_TEST_ENGINE'] === undefined) {
  process.env['LB_TEST_ENGINE'] = 'node';
  const flows = all.filter(file => file.startsWith('flows/') && !WITHOUT_ENGINE.test(file));
  passed = (await runAll(flows, durations)) && passed;
}
for (const [file, ms] of durations.toSorted(([, one], [, other]) => other - one).slice(0, SLOWEST_SHOWN))
  console.log(`# ${(ms / 1000).toFixed(1)} s ${relative(built, file)}`);
process.exitCode = passed ? 0 : 1;
