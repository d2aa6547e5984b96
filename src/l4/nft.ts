/** The nft program: one process a call. Called by nft-driver.ts. */
import { spawn, spawnSync } from 'node:child_process';
import type { FoundTable } from './direct.ts';
import { DIRECT_FAMILIES, type DirectFamily } from './direct-words.ts';
import { TABLE } from './nft-words.ts';

const REMOVAL_LIMIT_MS = 5000;

interface Ended {
  readonly output: string;
  /** Undefined: it went well. */
  readonly trouble?: string;
}

/** One transaction. Resolves to what is wrong, or to undefined. */
export async function transact(commands: readonly string[]): Promise<string | undefined> {
  if (commands.length === 0) return undefined;
  return (await run(['-f', '-'], `${commands.join('\n')}\n`)).trouble;
}

export function transactNow(commands: readonly string[]): void {
  spawnSync('nft', [commands.join('; ')], { stdio: 'ignore', timeout: REMOVAL_LIMIT_MS });
}

/** Our tables of direct routing without what they remember; empty where there are none. */
export async function readDirectTables(): Promise<FoundTable[]> {
  // asked for a table, nft would read all that it remembers: seconds for many flows
  const questions = DIRECT_FAMILIES.flatMap(family =>
    ['chains', 'maps', 'sets'].map(what => `list ${what} ${family}`),
  );
  const { output } = await run(['-t', questions.join('; ')], '');
  return DIRECT_FAMILIES.map(family => foundIn(output, family));
}

export function foundIn(listing: string, family: DirectFamily): FoundTable {
  const ours = listing.split(/^table /m).filter(table => table.startsWith(`${family} ${TABLE} {`));
  const rows = ours.flatMap(table => [...table.matchAll(/^\t(chain|set|map) (\S+) \{/gm)]);
  return {
    family,
    chains: rows.flatMap(([, kind, name = '']) => (kind === 'chain' ? [name] : [])),
    memories: rows.flatMap(([, kind, name = '']) =>
      kind === 'set' || kind === 'map' ? [{ kind, name }] : [],
    ),
  };
}

function run(words: readonly string[], input: string): Promise<Ended> {
  return new Promise(resolve => {
    const child = spawn('nft', words, { stdio: ['pipe', 'pipe', 'pipe'] });
    let [output, errors] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.once('error', error => resolve({ output, trouble: `nft: ${error.message}` }));
    child.once('close', code => {
      const reason = errors.trim().split('\n')[0] || `exit code ${code}`;
      resolve(code === 0 ? { output } : { output, trouble: `nft: ${reason}` });
    });
  });
}
