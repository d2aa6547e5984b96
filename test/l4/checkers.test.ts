/** Each kind of check against servers that answer well, badly, or not at all; and the rhythm of checks. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { test, type TestContext } from 'node:test';
import { CheckLoop } from '../../src/l4/checkers/check-loop.ts';
import type { CheckResult } from '../../src/l4/checkers/check.ts';
import { checksOf, tellUnchecked } from '../../src/l4/checkers/checks.ts';
import { parseKeepalived } from '../../src/config-parser/keepalived/parse.ts';
import type { Checker, VirtualServer } from '../../src/model/virtual-server.ts';
import { inNamespace } from '../../src/net/network-namespace.ts';
import { requires } from '../support/requirement.ts';

let exitCode: number | string = 0;
const FOLLOWED = {
  name: 'f',
  position: { file: '', line: 0, column: 0 },
  file: join(tmpdir(), `lb-followed-${process.pid}`),
  weight: 2,
  reverse: false,
};
const CHECKS = checksOf({}, [FOLLOWED], () => Promise.resolve(exitCode));

function serverOf(words: string, port: number): VirtualServer {
  return parsed('connect_timeout 10', words, port);
}

function parsed(around: string, words: string, port = 80): VirtualServer {
  const text = `virtual_server 10.1.1.1 80 {\n protocol TCP\n ${around}\n real_server 127.0.0.1 ${port} {\n${words}\n}\n}\n`;
  const { config } = parseKeepalived('x.conf', {
    read: () => text,
    glob: () => [],
    configId: '',
    environment: {},
    random: () => 0,
    hostname: 'h',
  });
  return config.virtualServers[0] as VirtualServer;
}

function checkerOf(words: string, port: number): Checker {
  return serverOf(words, port).realServers[0]?.checkers[0] as Checker;
}

/** Where nobody answers. */
const SOON = 'connect_timeout 0.3';

/** `good`, `good 8` with a weight, or the reason. */
async function check(words: string, port: number): Promise<string> {
  const checker = checkerOf(words, port);
  const signal = AbortSignal.timeout(checker.connectTimeoutMs);
  const result: CheckResult | undefined = await CHECKS[checker.kind]?.(checker, signal);
  if (result === undefined) return 'not run';
  if (!result.ok) return result.reason;
  return ['good', result.weight ?? result.added].filter(word => word !== undefined).join(' ');
}

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

function speaking(t: TestContext, ...lines: readonly string[]): Promise<number> {
  const server = createServer(socket => {
    let next = 0;
    const speak = (): void => void socket.write(`${lines[next++] ?? ''}\r\n`);
    socket.on('error', () => undefined).on('data', speak);
    speak();
  });
  return listening(t, server);
}

test('TCP_CHECK: somebody takes the connection', async t => {
  const port = await listening(
    t,
    createServer(socket => socket.on('error', () => undefined)),
  );
  assert.equal(await check('TCP_CHECK {\n}', port), 'good');
  assert.equal(await check('TCP_CHECK {\n connect_ip 127.0.0.2\n}', port), 'ECONNREFUSED');
});

test('SMTP_CHECK: the greeting and the answer to HELO are good', async t => {
  assert.equal(
    await check('SMTP_CHECK {\n}', await speaking(t, '220-hi\r\n220 hi', '250 ok', '221 bye')),
    'good',
  );
  assert.equal(await check('SMTP_CHECK {\n}', await speaking(t, '554 go away')), 'SMTP status 554, not 220');
  assert.equal(
    await check('SMTP_CHECK {\n}', await speaking(t, '220 hi', '500 what')),
    'SMTP status 500, not 250',
  );
});

test('HTTP_GET: every url by status, digest and text', async t => {
  const web = createHttpServer((request, response) => {
    const { url = '', headers } = request;
    response.statusCode = url === '/bad' ? 503 : 200;
    response.end(url === '/host' ? headers.host : `page ${url}`);
  });
  const port = await listening(t, web);
  const get = (...urls: readonly string[]): Promise<string> =>
    check(`HTTP_GET {\n${urls.map(url => `url {\n${url}\n}`).join('\n')}\n}`, port);
  const digest = createHash('md5').update('page /a').digest('hex');
  assert.equal(await get('path /a'), 'good');
  assert.equal(await get('path /a', 'path /bad'), 'status 503 for /bad');
  assert.equal(await get('path /bad\n status_code 500-503'), 'good');
  assert.equal(await get(`path /a\n digest ${digest}`), 'good');
  assert.match(await get(`path /b\n digest ${digest}`), /^digest [0-9a-f]{32} for \/b$/);
  assert.equal(await get('path /a\n regex "P.GE"\n regex_options caseless'), 'good');
  assert.equal(await get('path /a\n regex page\n regex_min_offset 1'), 'regex does not match /a');
  assert.equal(await get('path /a\n regex page\n regex_no_match'), 'regex matches /a');
  assert.equal(await get('path /host\n virtualhost v.example\n regex "^v.example$"'), 'good');
  assert.equal(
    await check(`HTTP_GET {\n ${SOON}\n url {\n path /\n}\n}`, await speaking(t, 'nonsense')),
    'timeout',
  );
});

test('HTTP_GET: expressions are those of PCRE; one that cannot be compiled fails its check, and nothing else', async t => {
  const port = await listening(
    t,
    createHttpServer((_request, response) => response.end('Page caf\u00e9 17')),
  );
  const get = (regex: string): Promise<string> =>
    check(`HTTP_GET {\n url {\n path /\n regex ${regex}\n}\n}`, port);
  for (const regex of [
    '"(?i)page [[:alpha:]]+"',
    '"Pa++ge"',
    '"caf\u00e9"',
    '"\\\\d{2}"',
    "'Page caf'",
    '"P\\x61ge"',
  ])
    assert.equal(await get(regex), 'good', regex);
  assert.equal(await get('"e 17"\n regex_min_offset 8\n regex_options anchored'), 'regex does not match /');
  assert.equal(await get('"x (1) 7"\n regex_options extended'), 'regex does not match /');
  assert.equal(await get('"1 7"\n regex_options extended'), 'good');
  assert.equal(await get('"Page(("'), 'regex does not match /');
});

test('SSL_GET: without the file of its certificate it fails, and connects to nobody', async t => {
  const ports: (number | undefined)[] = [];
  const server = createServer(socket => {
    ports.push(socket.remotePort);
    socket.end();
  });
  const port = await listening(t, server);
  const checks = checksOf({ certificate: '/nonexistent/certificate' }, [], () => Promise.resolve(0));
  const checker = checkerOf('SSL_GET {\n url {\n path /\n}\n}', port);
  await assert.rejects(async () => await checks.SSL_GET?.(checker, AbortSignal.timeout(9000)), /ENOENT/);
  const later = connect(port, '127.0.0.1').resume();
  await once(later, 'connect');
  const own = later.localPort;
  // it has ended when the server has seen it, and all that came before
  await once(later, 'close');
  assert.deepEqual(ports, [own]);
});

test('HTTP_GET: a long body in small pieces is read whole; a head without end is none', async t => {
  const body = Buffer.alloc(300_000, 'page');
  const pieces = createServer(socket => {
    socket.setNoDelay().on('error', () => undefined);
    socket.once('data', () => {
      socket.write('HTTP/1.0 200 OK\r\nServer: ');
      for (let at = 0; at < body.length; at += 500) {
        if (at === 1000) socket.write('\r\n\r\n');
        socket.write(body.subarray(at, at + 500));
      }
      socket.end();
    });
  });
  const digest = createHash('md5').update(body.subarray(1000)).digest('hex');
  const words = `HTTP_GET {\n url {\n path /\n digest ${digest}\n}\n}`;
  assert.equal(await check(words, await listening(t, pieces)), 'good');
  const endless = createServer(socket => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(`HTTP/1.0 200 OK\r\nServer: ${'x'.repeat(100_000)}`));
  });
  assert.equal(
    await check(`HTTP_GET {\n connect_timeout 9\n url {\n path /\n}\n}`, await listening(t, endless)),
    'no HTTP answer for /',
  );
});

test('HTTP_GET: the status is what stands behind the name of a protocol, whichever', async t => {
  for (const [line, verdict] of [
    ['ICY 200 OK', 'good'],
    ['HTTP/2 204 Fine', 'good'],
    ['HTTP/1.1 503 No', 'status 503 for /'],
    ['HTTP/1.1 2000 No', 'no HTTP answer for /'],
    ['200', 'no HTTP answer for /'],
  ] as const) {
    const server = createServer(socket => void socket.once('data', () => socket.end(`${line}\r\n\r\n`)));
    assert.equal(await check('HTTP_GET {\n url {\n path /\n}\n}', await listening(t, server)), verdict);
  }
});

test('DNS_CHECK and UDP_CHECK: an answer that is good, another one, and none', async t => {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  const { port } = socket.address();
  let answer: (question: Buffer) => Buffer | undefined = () => undefined;
  socket.on('message', (question, { port: from, address }) => {
    const bytes = answer(question);
    if (bytes !== undefined) socket.send(bytes, from, address);
  });
  const dns = 'DNS_CHECK {\n type A\n name example.org\n}';
  assert.equal(await check(dns.replace('type A', SOON), port), 'timeout');
  const reply = (code: number, records: number) => (question: Buffer) =>
    Buffer.concat([question.subarray(0, 2), Buffer.from([0x81, code, 0, 1, 0, records, 0, 0, 0, 0])]);
  answer = reply(0, 1);
  assert.equal(await check(dns, port), 'good');
  answer = reply(0, 0);
  assert.equal(await check(dns, port), 'good');
  answer = reply(3, 0);
  assert.equal(await check(dns, port), 'DNS code 3');
  const udp = 'UDP_CHECK {\n payload 01\n require_reply 41x2\n}';
  answer = question => (question.equals(Buffer.from([1])) ? Buffer.from([0x41, 0x92]) : undefined);
  assert.equal(await check(udp, port), 'good');
  answer = () => Buffer.from([0x41, 0x93]);
  assert.equal(await check(udp, port), 'another reply');
  answer = () => undefined;
  assert.equal(await check(udp.replace('{', `{\n ${SOON}`), port), 'no reply');
  assert.equal(await check(`UDP_CHECK {\n ${SOON}\n}`, port), 'good');
  assert.equal(await check('UDP_CHECK {\n connect_ip 255.255.255.255\n}', port), 'EACCES');
  assert.equal(await check('UDP_CHECK {\n bindto 203.0.113.1\n}', port), 'EADDRNOTAVAIL');
});

test('MISC_CHECK: exit codes, and weights of misc_dynamic', async () => {
  const misc = 'MISC_CHECK {\n misc_path /bin/x\n';
  assert.equal(await check(`${misc}}`, 1), 'good');
  exitCode = 10;
  assert.equal(await check(`${misc}}`, 1), 'exit status 10');
  assert.equal(await check(`${misc} misc_dynamic\n}`, 1), 'good 8');
  exitCode = 1;
  assert.equal(await check(`${misc} misc_dynamic\n}`, 1), 'exit status 1');
  exitCode = 'timeout';
  assert.equal(await check(`${misc}}`, 1), 'timeout');
});

test('FILE_CHECK: the number in the file is a failure, or changes the weight', async t => {
  t.after(() => rmSync(FOLLOWED.file, { force: true }));
  const words = (weight: string): string => `FILE_CHECK {\n track_file f\n weight ${weight}\n}`;
  assert.equal(await check(words('0'), 80), 'good');
  writeFileSync(FOLLOWED.file, '7\n');
  assert.equal(await check('FILE_CHECK {\n track_file f\n}', 80), 'good 14', 'the weight of the file itself');
  rmSync(FOLLOWED.file);
  assert.equal(await check(words('0 reverse'), 80), `${FOLLOWED.file} says 0`);
  writeFileSync(FOLLOWED.file, '3\n');
  assert.equal(await check(words('0'), 80), `${FOLLOWED.file} says 3`);
  assert.equal(await check(words('2'), 80), 'good 6');
  assert.equal(await check(words('2 reverse'), 80), 'good -6');
  assert.deepEqual(
    tellUnchecked([serverOf(words('2').replace(' f', ' g'), 80)], [FOLLOWED]).map(({ message }) => message),
    ['track_file g not found, nothing is held against the server'],
  );
});

test('PING_CHECK: a host that answers, one that cannot be asked, an address to ask from that is not here; and who may ping stays', async t => {
  if (!requires(t, 'root', 'ip')) return;
  const namespace = `lb-ping-${process.pid}`;
  execFileSync('ip', ['netns', 'add', namespace]);
  t.after(() => execFileSync('ip', ['netns', 'del', namespace]));
  execFileSync('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
  const allowed = '/proc/sys/net/ipv4/ping_group_range';
  const ping = async (more: string): Promise<string> => {
    let told = Promise.resolve('');
    let before = '';
    let after = '';
    inNamespace(namespace, () => {
      before = readFileSync(allowed, 'utf8');
      told = check(`PING_CHECK {\n ${more}\n}`, 80);
      after = readFileSync(allowed, 'utf8');
      return 0;
    });
    assert.equal(before.trim(), '1\t0', 'in a new namespace nobody may');
    assert.equal(after, before);
    return told;
  };
  assert.equal(await ping(''), 'good');
  assert.equal(await ping('bindto 127.0.0.3'), 'good');
  assert.equal(await ping('connect_ip 127.255.255.255'), 'EACCES');
  assert.equal(await ping('bindto 192.0.2.77'), 'cannot ping: bindto: Cannot assign requested address');
});

test('bind_if and fwmark: checks leave by their interface, and with a mark that rules see', async t => {
  if (!requires(t, 'root', 'ip')) return;
  const namespace = `lb-mark-${process.pid}`;
  const ip = (words: string): unknown => execFileSync('ip', ['-n', namespace, ...words.split(' ')]);
  execFileSync('ip', ['netns', 'add', namespace]);
  t.after(() => execFileSync('ip', ['netns', 'del', namespace]));
  ip('link set lo up');
  ip('link add d0 type veth peer name d1');
  ip('link set d0 up');
  ip('rule add pref 5 table local');
  ip('rule del pref 0');
  ip('rule add pref 1 fwmark 3 prohibit');
  const server = createServer(socket => socket.end());
  inNamespace(namespace, () => {
    server.listen(0);
    return 0;
  });
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const within = (words: string): Promise<string> => {
    let told = Promise.resolve('');
    inNamespace(namespace, () => {
      told = check(words, port);
      return 0;
    });
    return told;
  };
  assert.equal(await within('TCP_CHECK {\n bind_if lo\n}'), 'good');
  assert.equal(await within(`TCP_CHECK {\n bind_if d0\n ${SOON}\n}`), 'timeout');
  assert.equal(await within('TCP_CHECK {\n bind_if d9\n}'), 'bind_if: No such device');
  assert.equal(await within('TCP_CHECK {\n fwmark 4\n}'), 'good');
  assert.equal(await within('TCP_CHECK {\n fwmark 3\n}'), 'EACCES');
  assert.equal(await within('TCP_CHECK {\n fwmark 4\n bindto 127.0.0.7\n}'), 'good');
  assert.match(await within('UDP_CHECK {\n bind_if d9\n}'), /^bind_if: No such device$/);
  assert.equal(await within('UDP_CHECK {\n fwmark 3\n require_reply 00\n}'), 'EACCES');
  assert.equal(await within('PING_CHECK {\n fwmark 3\n}'), 'EACCES');
  assert.equal(await within('PING_CHECK {\n fwmark 4\n}'), 'good');
});

test('what is not done is told', () => {
  const words = `TCP_CHECK {
}
  HTTP_GET {\n url {\n path /\n regex "("\n regex_options anchored\n}\n}`;
  const told = tellUnchecked([serverOf(words, 80)], []).map(({ message }) => message);
  assert.deepEqual(told, [
    'regex_options anchored has no effect',
    "regex '(' is invalid (missing ')'): its check always fails",
  ]);
});

test('a server that nobody has looked at yet has one try; one that is known from before a reload has retry more', async () => {
  for (const [isKnown, said] of [
    [false, 'failed'],
    [true, 'bad 2'],
  ] as const) {
    const heard: string[] = [];
    const due: (() => void)[] = [];
    const loop = new CheckLoop(
      checkerOf('TCP_CHECK {\n retry 2\n}', 80),
      {
        after: (_, callback) => {
          due.push(callback);
          return () => undefined;
        },
        random: () => 0,
        check: () => Promise.resolve({ ok: false, reason: 'x' }),
        onGood: () => heard.push('good'),
        onFailed: () => heard.push('failed'),
        onFailure: (_, left) => heard.push(`bad ${left}`),
      },
      { good: true, hasRun: isKnown, failures: 0 },
    );
    loop.start();
    due.shift()?.();
    await new Promise(resolve => setImmediate(resolve));
    assert.deepEqual(heard, [said]);
    assert.equal(loop.good, isKnown);
  }
});

test('defaults of checks: HTTP_GET retries once after 3 s, MISC_CHECK never; a program has the delay_loop of its server', () => {
  const { realServers } = parsed(
    'delay_loop 20',
    'HTTP_GET {\n url {\n path /\n}\n}\nMISC_CHECK {\n misc_path /bin/true\n delay_loop 3\n}',
  );
  const [http, misc] = realServers[0]?.checkers ?? [];
  assert.deepEqual([http?.retry, http?.delayBeforeRetryMs], [1, 3000]);
  assert.deepEqual([misc?.retry, misc?.delayLoopMs, misc?.misc?.timeoutMs], [0, 3000, 20_000]);
});

test('a good server has retry more tries, a failed one comes back with the first good check', async () => {
  const words = 'TCP_CHECK {\n retry 2\n delay_before_retry 1\n delay_loop 7\n warmup 4\n}';
  const results: CheckResult[] = [true, false, false, true, false, false, false, false, true].map(ok =>
    ok ? { ok } : { ok, reason: 'x' },
  );
  const heard: string[] = [];
  let next: (() => void) | undefined;
  const ports = {
    after: (delayMs: number, callback: () => void) => {
      if (delayMs !== 10_000) {
        heard.push(`${delayMs}`);
        next = callback;
      }
      return () => undefined;
    },
    random: () => 0.5,
    check: () => Promise.resolve(results.shift() as CheckResult),
    onGood: () => heard.push('good'),
    onFailed: () => heard.push('failed'),
    onFailure: (_: string, left: number) => heard.push(`bad ${left}`),
  };
  const loop = new CheckLoop(checkerOf(words, 80), ports, { good: true, hasRun: false, failures: 0 });
  loop.start();
  while (results.length > 0) {
    next?.();
    await new Promise(resolve => setImmediate(resolve));
  }
  assert.equal(
    heard.join(' '),
    '2000 7000 good 1000 bad 2 1000 bad 1 7000 good 1000 bad 2 1000 bad 1 7000 failed 7000 bad 0 7000 good',
  );
  assert.equal(loop.good, true);
});
