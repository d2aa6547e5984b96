// Runs the built tests with node:test: `node scripts/test.mjs [part of a path ...]`. Without a part everything runs,
// and flows whose way differs run twice: LB_TEST_ENGINE=node, the engine that serves where the kernel forbids the ring,
// does that for the parts that are named. Last it says which files took longest, and what failed.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec, tap } from 'node:test/reporters';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const built = resolve('dist/test');
/** Files written here, each to be a process of the run. */
const combined = resolve('dist/test-combined');
const wanted = process.argv.slice(2);
/** Flows of what clients, servers and the kernel do to connections: what stands above an engine is the same on both. */
const BY_ENGINE =
  `admin-sessions answered- bandwidth bodies chaos client- connection-options continuous- cut- destinations floods
  fuzz-wire http-differential http2. limits log-beside log-forward nothing-lost peaks real-clients reload-listening
  refused-uploads retry-on rules-waiting send-proxy socket-words splicing stalled- tcp- termination- tls-listeners traces. web-clients`.split(
    /\s+/,
  );
/** Folders of tests of functions, too short for a process each: those of a folder share one. */
const SHARING =
  /^(acl|acme|admin|certificates|config-parser|deflate|dns|http|http-cache|lua|master|peers|proxy|rules|state|stats)\//;
/** Begun first, in this order, they pass beside all the others. */
const LONGEST = ['vrrp/failover', 'balancers/placement', 'flows/peers', 'flows/explain', 'flows/counters'];
/** One for each processor: more of them save a fifth of the time, and cost the answers that have to come in time. */
const CONCURRENCY = Math.max(2, Math.min(availableParallelism(), 8));
/** A test that hangs is a test that fails; what only keeps its process from ending is not waited for so long. */
const TIMEOUT_MS = 600_000;
/** For the processes of the run, which get the words of this one. */
process.execArgv.push('--import', new URL('test-end.mjs', import.meta.url).href);
const SLOWEST_SHOWN = 10;
const REASON_LINES = 12;

const all = readdirSync(built, { recursive: true })
  .map(String)
  .filter(file => file.endsWith('.test.js'))
  .toSorted();

/** Writes a file that runs these ones, of dist/test/, in one process. Gives its path. */
function combine(name, files, before = '') {
  const path = join(combined, name);
  mkdirSync(dirname(path), { recursive: true });
  const imports = files.map(file => `await import('${pathToFileURL(join(built, file)).href}');\n`);
  writeFileSync(path, before + imports.join(''));
  return path;
}

function everything() {
  const folderOf = file => SHARING.exec(file)?.[1];
  const filesOf = folder => all.filter(file => folderOf(file) === folder);
  const rank = file => LONGEST.findIndex(long => file.startsWith(long)) + 1 || Infinity;
  const alone = all.filter(file => folderOf(file) === undefined);
  const first = alone.filter(file => rank(file) < Infinity).toSorted((one, other) => rank(one) - rank(other));
  const folders = new Set(all.map(folderOf).filter(folder => folder !== undefined));
  const isByEngine = file => BY_ENGINE.some(name => file.startsWith(`flows/${name}`));
  const twice = process.env['LB_TEST_ENGINE'] === undefined ? all.filter(isByEngine) : [];
  const inNode = "process.env['LB_TEST_ENGINE'] = 'node';\n";
  return [
    ...first.map(file => join(built, file)),
    ...[...folders].map(folder => combine(`${folder}.test.js`, filesOf(folder))),
    ...alone.filter(file => !first.includes(file)).map(file => join(built, file)),
    ...twice.map(file => combine(join('node-engine', file), [file], inNode)),
  ];
}

/** The first lines of an error, as comments of TAP. */
function reasonOf({ error }) {
  const cause = error?.cause ?? error;
  // not String(): what holds functions crosses as a text, or without its prototype
  const said = cause?.stack ?? cause ?? 'no reason given';
  const text = typeof said === 'string' ? said : inspect(said);
  return text.split('\n').slice(0, REASON_LINES).join('\n#     ');
}

/** Resolves to what failed, as text; adds to `durations` what each file took. */
async function runAll(files, durations) {
  const failures = [];
  const events = run({ files, concurrency: CONCURRENCY, timeout: TIMEOUT_MS });
  events.on('test:fail', ({ name, file, details }) =>
    failures.push(`${relative(resolve('dist'), file ?? name)}: ${name}\n#     ${reasonOf(details)}`),
  );
  events.on('test:complete', ({ name, nesting, details }) => {
    if (nesting === 0 && name.endsWith('.test.js')) durations.push([name, details.duration_ms]);
  });
  const report = events.compose(process.stdout.isTTY ? new spec() : tap);
  report.pipe(process.stdout, { end: false });
  await finished(report, { writable: false });
  return failures;
}

const named = all.filter(file => wanted.some(part => file.includes(part))).map(file => join(built, file));
if (wanted.length > 0 && named.length === 0) {
  console.error(`no test file matches ${wanted.join(' ')}`);
  process.exit(1);
}
const durations = [];
const failures = await runAll(wanted.length === 0 ? everything() : named, durations);
for (const [file, ms] of durations.toSorted(([, one], [, other]) => other - one).slice(0, SLOWEST_SHOWN))
  console.log(`# ${(ms / 1000).toFixed(1)} s ${relative(resolve('dist'), file)}`);
for (const failure of failures) console.log(`# failed: ${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;
