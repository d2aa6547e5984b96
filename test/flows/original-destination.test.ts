/** Netfilter sends clients elsewhere than they wanted to go; `dst` still tells where that was. In a network namespace. */
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { LB } from '../support/balancer.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const REDIRECT = `table ip nat {
  chain output {
    type nat hook output priority -100;
    ip daddr 127.0.0.9 tcp dport 9000 redirect to :8000
  }
}
`;

const CONFIG = `defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:8000
  http-request return status 200 content-type text/plain lf-string "%[dst]:%[dst_port] %[fc_dst]"
`;

/** Tries until something listens, then prints the body of the answer. */
const CLIENT = `
const [host, port] = process.argv.slice(1);
const until = Date.now() + 10000;
const attempt = () => fetch('http://' + host + ':' + port + '/').then(
  async answer => process.stdout.write(await answer.text()),
  error => (Date.now() > until ? Promise.reject(error) : setTimeout(attempt, 20)),
);
attempt();
`;

let namespaces = 0;

/** The program in a namespace whose table of addresses is rewritten; gives what a client there is answered. */
async function startRedirected(
  t: TestContext,
  engine: string,
): Promise<(host: string, port: number) => Promise<string>> {
  const name = `lb-dst-${process.pid}-${namespaces++}`;
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'nat.nft'), REDIRECT);
  writeFileSync(join(folder, 'lb.cfg'), `global\n  tune.engine ${engine}\n${CONFIG}`);
  execFileSync('ip', ['netns', 'add', name]);
  t.after(() => execFileSync('ip', ['netns', 'del', name]));
  const inside = (...words: string[]): string[] => ['netns', 'exec', name, ...words];
  execFileSync('ip', inside('ip', 'link', 'set', 'lo', 'up'));
  execFileSync('ip', inside('nft', '-f', join(folder, 'nat.nft')));
  const child = spawn('ip', inside(LB, '-db', '-f', join(folder, 'lb.cfg')), { stdio: 'ignore' });
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
  return async (host, port) => {
    const words = inside(process.execPath, '-e', CLIENT, host, String(port));
    return (await promisify(execFile)('ip', words, { timeout: 20_000 })).stdout;
  };
}

for (const engine of ['auto', 'node'])
  test(`dst is where a redirected client wanted to go, with the engine ${engine}`, async t => {
    if (!requires(t, 'root') || !requires(t, 'ip') || !requires(t, 'nft')) return;
    const ask = await startRedirected(t, engine);
    assert.equal(await ask('127.0.0.9', 9000), '127.0.0.9:9000 127.0.0.9');
    assert.equal(await ask('127.0.0.1', 8000), '127.0.0.1:8000 127.0.0.1');
  });
