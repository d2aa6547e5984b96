/** Services by the nft program, one process a transaction. */
import { spawn, spawnSync } from 'node:child_process';
import type { Driver } from './driver.ts';
import { removal, renderExchange, renderRuleset } from './ruleset.ts';
import type { ConnectionTimeouts } from './service.ts';

const NO_PATHS = { devices: [], servers: new Map<string, never>() };
const REMOVAL_LIMIT_MS = 5000;

export function nftDriver(timeouts: () => ConnectionTimeouts): Driver {
  return {
    install: states => run(renderRuleset(states, timeouts(), NO_PATHS)),
    change: async (old, next, all) => {
      for (const transaction of renderExchange(old, next, all, NO_PATHS)) {
        const trouble = await run(`${transaction}\n`);
        if (trouble !== undefined) return trouble;
      }
      return undefined;
    },
    remove: () =>
      void spawnSync('nft', [removal().join('; ')], { stdio: 'ignore', timeout: REMOVAL_LIMIT_MS }),
  };
}

function run(commands: string): Promise<string | undefined> {
  return new Promise(resolve => {
    const child = spawn('nft', ['-f', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    child.stdin.on('error', () => undefined);
    child.stdin.end(commands);
    child.once('error', error => resolve(error.message));
    child.once('close', code =>
      resolve(code === 0 ? undefined : (errors.trim().split('\n')[0] ?? `exit code ${code}`)),
    );
  });
}
