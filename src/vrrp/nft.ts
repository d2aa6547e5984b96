/** Runs one transaction of nft. Called by no-accept.ts and handover/. */
import { spawn } from 'node:child_process';

/** Resolves to undefined when it was taken, else to the first line of what is wrong. */
export function runNft(commands: string): Promise<string | undefined> {
  return new Promise(resolve => {
    const child = spawn('nft', ['-f', '-'], { stdio: ['pipe', 'ignore', 'pipe'] });
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
