/** Runs one transaction of nft. Called by no-accept.ts and handover/. */
import { spawn } from 'node:child_process';
import { withOwnPriority } from './scheduling.ts';

/**
 * Resolves to undefined when it was taken, else to the first line of what is wrong. `urgent`: it does not wait for a
 * processor on a busy machine.
 */
export function runNft(commands: string, urgent = false): Promise<string | undefined> {
  return new Promise(resolve => {
    const start = () => spawn('nft', ['-f', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
    const child = urgent ? withOwnPriority(start) : start();
    let errors = '';
    child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${commands}\n`);
    child.once('error', error => resolve(error.message));
    child.once('close', code => {
      if (code === 0) resolve(undefined);
      else resolve(errors.trim().split('\n')[0] ?? `exit code ${code}`);
    });
  });
}
