// Lets the built program serve a little, and keeps the code that V8 compiled for that in dist/program/js/*.code, for
// starts to come. What is not used here is compiled when it is used, as ever.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';

const CERTIFICATE_WRITER = 'dist/src/net/tls/certificate-writer.js';
const DAY_MS = 86_400_000;
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
  bind unix@${folder}/tls ssl crt ${folder}/site.pem alpn h2,http/1.1
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
  server c unix@${folder}/tls ssl verify none check
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
  writeFileSync(join(folder, 'site.pem'), await certificateAndKey(root));
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

async function certificateAndKey(root) {
  const { selfSignedCertificate } = await import(join(root, CERTIFICATE_WRITER));
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const times = { fromMs: Date.now() - DAY_MS, untilMs: Date.now() + DAY_MS };
  const certificate = selfSignedCertificate({ domains: ['site.example'], ips: [] }, privateKey, times);
  return certificate + privateKey.export({ type: 'pkcs8', format: 'pem' });
}

async function ask(folder, child) {
  for (const path of REQUESTS) {
    const request = `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\nGET ${path} HTTP/1.0\r\n\r\n`;
    await exchange(join(folder, 'http'), request, child);
    await exchangeHttp2(join(folder, 'tls'), path);
  }
  for (const maxVersion of ['TLSv1.3', 'TLSv1.2'])
    await exchange(join(folder, 'tls'), 'GET /to-server HTTP/1.0\r\n\r\n', child, { maxVersion });
  await exchange(join(folder, 'tcp'), 'GET / HTTP/1.0\r\n\r\n', child);
  await exchange(join(folder, 'admin'), 'show info; show stat\n', child);
}

/** What comes back until the other side closes; waits for the socket to be there. Over TLS where `tls` has its options. */
async function exchange(path, request, child, tls) {
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const answer = await tryExchange(path, request, tls);
    if (answer !== undefined) return answer;
    await setTimeout(10);
  }
  throw new Error('it ended too early');
}

function tryExchange(path, request, tls) {
  return new Promise(resolve => {
    let answer = '';
    const say = () => socket.write(request);
    const socket =
      tls === undefined ? connect(path, say) : connectTls({ ...tls, path, rejectUnauthorized: false }, say);
    socket.setEncoding('latin1').on('data', text => (answer += text));
    socket.once('error', () => resolve(undefined));
    socket.once('end', () => resolve(answer));
  });
}

/** One request of HTTP/2 over TLS, and its response. */
function exchangeHttp2(path, url) {
  return new Promise((resolve, reject) => {
    const toSocket = () => connectTls({ path, ALPNProtocols: ['h2'], rejectUnauthorized: false });
    const session = connectHttp2('https://site.example', { createConnection: toSocket });
    session.once('error', reject).once('close', resolve);
    const stream = session.request({ ':path': url });
    stream.once('error', reject).once('end', () => session.close());
    stream.resume();
  });
}
