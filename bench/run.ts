/** The benchmark: `npm run bench`. What is compared and how is docs/performance.md's to explain. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IDLE_MEMORY, LOAD_CASES, START_UP } from './cases.ts';
import { commandLine } from './command-line.ts';
import { type Contestant, contestant } from './contestants.ts';
import { measureIdleMemory } from './idle-memory.ts';
import { pinOwnProcess } from './processes.ts';
import { table } from './report.ts';
import type { CaseResult } from './result.ts';
import { measure } from './rounds.ts';
import { measureStart } from './start-time.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const USAGE = `npm run bench -- [--only NAME,...] [--pairs 5] [--seconds 1] [--contestants NAME,...] [--base haproxy]
                 [--warm-up 12] [--connections 8000] [--json FILE] [--write]

--only takes beginnings of case names. --contestants narrows every case to these; NAME=FOLDER is an lb built
elsewhere. --write puts the tables into docs/performance.md. HAPROXY= and NGINX= name other binaries.`;

const values = commandLine(USAGE, {
  only: { type: 'string' },
  pairs: { type: 'string', default: '5' },
  seconds: { type: 'string', default: '1' },
  'warm-up': { type: 'string', default: '12' },
  connections: { type: 'string', default: '8000' },
  contestants: { type: 'string' },
  base: { type: 'string', default: 'haproxy' },
  json: { type: 'string', default: join(root, 'bench/results/latest.json') },
  write: { type: 'boolean', default: false },
});

const pairs = Number(values.pairs);
const pace = { pairs, seconds: Number(values.seconds), warmUpSeconds: Number(values['warm-up']) };
const facts = machine();
console.log(facts);
const results: CaseResult[] = [];
if (availableParallelism() < 2)
  throw new Error('two CPUs are needed: one for the balancer, one for the load');
pinOwnProcess();
for (const wanted of LOAD_CASES)
  if (chosen(wanted.name))
    await done(wanted.name, measure(wanted, lineUp(wanted.contestants), values.base, pace));
if (chosen(IDLE_MEMORY.name))
  await done(
    IDLE_MEMORY.name,
    measureIdleMemory(lineUp(IDLE_MEMORY.contestants), values.base, Number(values.connections)),
  );
if (chosen(START_UP.name))
  await done(START_UP.name, measureStart(lineUp(START_UP.contestants), values.base, pairs));
if (results.length === 0) throw new Error(`nothing was measured: no case's name begins with ${values.only}`);
if (values.write) writeTables(join(root, 'docs/performance.md'));

function chosen(name: string): boolean {
  return values.only === undefined || values.only.split(',').some(part => name.startsWith(part));
}

/** `--contestants` keeps the case's order for those it names; lbs of other folders come last. */
function lineUp(names: readonly string[]): Contestant[] {
  const wanted = values.contestants?.split(',');
  if (wanted === undefined) return names.map(contestant);
  const others = wanted.filter(name => name.includes('='));
  return [...names.filter(name => wanted.includes(name)), ...others].map(contestant);
}

/** A case that cannot be measured costs the others nothing; what is measured is kept at once. */
async function done(name: string, running: Promise<CaseResult>): Promise<void> {
  try {
    const result = await running;
    results.push(result);
    console.log(`\n${table(result)}`);
    save();
  } catch (error) {
    console.error(`${name}: not measured:`, error);
    process.exitCode = 1;
  }
}

function machine(): string {
  const version = (program: string, argument: string): string => {
    const { stdout, stderr } = spawnSync(program, [argument], { encoding: 'utf8' });
    return (stdout + stderr).split('\n')[0] ?? '';
  };
  const processor = cpus();
  return [
    `${processor.length} × ${processor[0]?.model ?? 'CPU'}, Linux ${release()}, Node ${process.version}`,
    version(process.env['HAPROXY'] ?? 'haproxy', '-v'),
    version(process.env['NGINX'] ?? 'nginx', '-v'),
    `${values.pairs} rounds of ${values.seconds} s, load average at the start ${(loadavg()[0] ?? 0).toFixed(1)}`,
  ].join('\n');
}

function save(): void {
  mkdirSync(dirname(values.json), { recursive: true });
  writeFileSync(values.json, `${JSON.stringify({ facts, results }, undefined, 1)}\n`);
}

/** Between the page's markers. */
function writeTables(file: string): void {
  const begin = '<!-- tables: npm run bench -- --write -->';
  const end = '<!-- end of tables -->';
  const page = existsSync(file) ? readFileSync(file, 'utf8') : `${begin}\n${end}\n`;
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`${file} has lost its markers`);
  const tables = [`\`\`\`\n${facts}\n\`\`\`\n`, ...results.map(table)].join('\n');
  writeFileSync(file, `${before}${begin}\n\n${tables}\n${end}${after}`);
}
