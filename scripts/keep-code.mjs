// Lets the built program serve a little, and keeps the code that V8 compiled for that in dist/program/js/*.code, for
// starts to come. What is not used here is compiled when it is used, as ever.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const WITHIN_MS = 20_000;
const REQUESTS = ['/', '/', '/to-server'];

const configOf = folder => `global
  nbthread 1
  stats socket ${folder}/admin level admin
  log ${folder}/log local0
defaults
  mode http
  log global
  option httplog
  option dontlognull
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend http
  bind unix@${folder}/http
  acl to_server path_beg /to-server
  http-request set-header x-forwarded-proto http if to_server
  use_backend servers if to_server
  default_backend answers
backend answers
  http-request return status 200 content-type text/plain string served
backend servers
  balance roundrobin
  http-request set-path /
  option httpchk GET /
  server a unix@${folder}/http check inter 10s
  server b 127.0.0.1:9 backup
listen tcp
  mode tcp
  option tcplog
  bind unix@${folder}/tcp
  server a unix@${folder}/http
`;

export async function keepCode(root) {
  const folder = mkdtempSync(join(tmpdir(), 'lb-code-'));
  try {
    await serveALittle(root, folder);
  } catch (error) {
    console.error(`starts will take longer, the built program could not be tried: ${error.message}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function serveALittle(root, folder) {
  writeFileSync(join(folder, 'lb.cfg'), configOf(folder));
  const preload = join(root, 'scripts/keep-code-at-exit.cjs');
  const argv = ['-r', preload, join(root, 'bin/lb'), '-f', join(folder, 'lb.cfg')];
  const child = spawn(process.execPath, argv, {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: WITHIN_MS,
    killSignal: 'SIGKILL',
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', text => (errors += text));
  const ended = new Promise(resolve => {
    child.once('error', resolve);
    child.once('exit', (code, signal) =>
      resolve(code === 0 ? undefined : new Error(`${signal ?? code} ${errors}`)),
    );
  });
  const asked = ask(folder, child).finally(() => child.kill());
  const [failure] = await Promise.all([ended, asked]);
  if (failure !== undefined) throw failure;
}

async function ask(folder, child) {
  for (const path of REQUESTS) {
    const request = `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\nGET ${path} HTTP/1.0\r\n\r\n`;
    await exchange(join(folder, 'http'), request, child);
  }
  await exchange(join(folder, 'tcp'), 'GET / HTTP/1.0\r\n\r\n', child);
  await exchange(join(folder, 'admin'), 'show info; show stat\n', child);
}

/** What comes back until the other side closes; waits for the socket to be there. */
async function exchange(path, request, child) {
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const answer = await tryExchange(path, request);
    if (answer !== undefined) return answer;
    await setTimeout(10);
  }
  throw new Error('it ended too early');
}

function tryExchange(path, request) {
  return new Promise(resolve => {
    let answer = '';
    const socket = connect(path, () => socket.write(request));
    socket.setEncoding('latin1').on('data', text => (answer += text));
    socket.once('error', () => resolve(undefined));
    socket.once('end', () => resolve(answer));
  });
}
