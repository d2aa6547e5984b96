/**
 * Everything the running program reads that is not HTTP, gone wrong: PROXY headers, ClientHellos and other payloads
 * under inspection, syslog messages, commands, answers of nameservers, agents and checked servers. It must live, keep
 * nothing behind, and still do its work. scripts/fuzz.mjs makes it longer.
 */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../support/admin-client.ts';
import { exchangeRaw, startBalancer } from '../support/balancer.ts';
import { helloOf } from '../support/client-hello.ts';
import { startDnsServer } from '../support/dns-server.ts';
import { freePorts } from '../support/free-port.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { ByteMutator } from '../support/mutated-bytes.ts';
import { startHttpOrigin, startRawOrigin } from '../support/origin.ts';
import { resetSocket } from '../support/reset-socket.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const SECONDS = Number(process.env['LB_FUZZ_SECONDS'] ?? '5');
const SEED = Number(process.env['LB_FUZZ_SEED'] ?? '1');
const AT_ONCE = 100;
const GET = 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';
const V2 = '\r\n\r\n\0\r\nQUIT\n';

const latin1 = (...texts: readonly string[]): Buffer[] => texts.map(text => Buffer.from(text, 'latin1'));

const PROXY_HEADERS = latin1(
  'PROXY TCP4 192.0.2.1 192.0.2.2 11 22\r\n',
  'PROXY TCP6 2001:db8::1 2001:db8::2 65535 1\r\n',
  'PROXY UNKNOWN anything\r\n',
  `${V2}\x21\x11\x00\x0c\xc0\x00\x02\x01\xc0\x00\x02\x02\x00\x01\x00\x02`,
  `${V2}\x21\x21\x00\x2a${'\x20\x01\x0d\xb8'.repeat(8)}\x00\x01\x00\x02\x05\x00\x03abc`,
  `${V2}\x21\x11\x00\x1c${'\x7f\x00\x00\x01'.repeat(2)}\x00\x01\x00\x02\x20\x00\x0d\x07\0\0\0\0\x21\x00\x05\x54\x4c\x53\x76\x31`,
  `${V2}\x20\x00\x00\x00`,
).map(header => Buffer.concat([header, Buffer.from(GET)]));

const PAYLOADS = latin1(
  '\x03\x00\x00\x2f\x2a\xe0\x00\x00\x00\x00\x00Cookie: msts=16777343.36895.0000\r\n\x01\x00\x08\x00\x03\x00\x00\x00',
  '\x10\x16\x00\x04MQTT\x04\x02\x00\x3c\x00\x0aclient-one',
  '\x10\x24\x00\x04MQTT\x05\xc2\x00\x3c\x05\x11\x00\x00\x00\x0a\x00\x02id\x00\x04user\x00\x08password',
  '8=FIX.4.4\x019=63\x0135=A\x0134=1\x0149=A\x0152=20200101-00:00:00\x0156=B\x0198=0\x01108=30\x0110=068\x01',
  '\x05\x01\x00\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50',
);

const SYSLOG = latin1(
  '<134>Oct 11 22:14:15 host app[42]: text\n',
  '<134>1 2024-10-11T22:14:15.003Z host app 42 ID47 [a@1 b="c\\"d"][e f="g"] \xef\xbb\xbftext\n',
  '43 <134>Oct 11 22:14:15 host app[42]: some words.',
  '<134>1 - - - - - -\n',
);

const COMMANDS = latin1(
  'set table t key 192.0.2.1 data.gpc0 1 data.http_req_rate 5\n',
  'set table t key 192.0.2.1 data.gpt(3) 1 data.server_id 99999999999\n',
  'show table t data.gpc0 gt 0\n',
  'clear table t key 192.0.2.1\n',
  'add map virt@m <<\na b\nc d\n\n',
  'add acl @1 virt@m <<EOT\nx\nEOT\n',
  'show map virt@m;get map virt@m a;del map virt@m #1\n',
  'set server hurt/s addr 127.0.0.1 port 1\n',
  'add server hurt/n 127.0.0.1:1 check inter 50\nenable server hurt/n\n',
  'disable server hurt/n;del server hurt/n\n',
  'set ssl cert x <<\n-----BEGIN\n\n',
  'set var proc.x int(1)\nget var proc.x\n',
  `${'x'.repeat(3000)};`.repeat(20),
  'show stat typed;show info json;show sess all;show errors;show resolvers;show servers state;show fd\n',
);

/** What the checks want to hear. */
const CHECKS: readonly { readonly option: string; readonly answers: readonly Buffer[] }[] = [
  {
    option: 'option httpchk GET /\n  http-check expect rstring a+b',
    answers: latin1('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\naab'),
  },
  { option: 'option redis-check', answers: latin1('+PONG\r\n', '-ERR x\r\n') },
  {
    option: 'option mysql-check user u',
    answers: latin1(
      '\x0a\0\0\0\x0a5.5.5-10\0\x01\0',
      '\x0a\0\0\0\x0a5.5.5-10\0\x01\0\x07\0\0\x02\0\0\0\x02\0\0\0',
      '\x09\0\0\0\xff\x15\x04#28000',
    ),
  },
  { option: 'option pgsql-check user u', answers: latin1('R\0\0\0\x08\0\0\0\0', 'E\0\0\0\x0cSFATAL\0\0') },
  {
    option: 'option smtpchk EHLO a',
    answers: latin1('220 a\r\n', '220-a\r\n220 b\r\n', '250-a\r\n250 OK\r\n'),
  },
  {
    option: 'option ldap-check',
    answers: latin1('\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00'),
  },
  {
    option: 'option spop-check',
    answers: latin1('\0\0\0\x33\x65\0\0\0\x01\0\0\x07version\x08\x032.0\x0emax-frame-size\x03\xfc\xf0\x06'),
  },
  {
    option:
      'option tcp-check\n  tcp-check send a\n  tcp-check expect rbinary 30(31)+\n  tcp-check expect string b',
    answers: latin1('01b', '011'),
  },
];
const AGENT = latin1('up 50%\n', 'down #reason\n', 'drain\n', 'ready maxconn:30\n', '75%,weight:3 stopped\n');

interface Ports {
  readonly proxied: number;
  readonly inspected: number;
  readonly plain: number;
  readonly logs: number;
}

interface Lab {
  readonly ports: Ports;
  readonly admin: string;
  readonly text: string;
}

function mutatingServer(t: TestContext, mutator: ByteMutator, answers: readonly Buffer[]): Promise<string> {
  const serve = (socket: Socket): void => {
    const say = (): void => {
      if (!socket.writable) return;
      socket.write(mutator.mutate(mutator.pick(answers)));
      if (mutator.below(3) === 0) socket.end();
      else if (mutator.below(10) === 0) resetSocket(socket);
    };
    socket.on('data', say);
    if (mutator.below(2) === 0) say();
    socket.on('end', () => socket.end());
  };
  return startRawOrigin(t, serve).then(({ address }) => address);
}

async function prepare(t: TestContext, mutator: ByteMutator): Promise<Lab> {
  const [proxied = 0, inspected = 0, plain = 0, logs = 0] = await freePorts(4);
  const ports = { proxied, inspected, plain, logs };
  const admin = join(temporaryFolder(t), 'admin.sock');
  const origin = await startHttpOrigin(t, 'one');
  const agent = await mutatingServer(t, mutator, AGENT);
  const sink = await startLogReceiver(t);
  const dns = await startDnsServer(t, () => ({ records: [{ type: 'A', data: '127.0.0.1' }] }));
  dns.noise = answer => Array.from({ length: 8 }, () => mutator.mutate(answer));
  const checked = await Promise.all(
    CHECKS.map(async ({ option, answers }, index) => {
      const address = await mutatingServer(t, mutator, answers);
      return `backend checked${index}\n  ${option}\n  server s ${address} check inter 20ms rise 1 fall 1\n`;
    }),
  );
  const text = `global
  nbthread 2
  stats socket ${admin} level admin
  stats timeout 2s
resolvers r
  nameserver n 127.0.0.1:${dns.port}
  timeout resolve 1s
  timeout retry 100ms
  hold valid 1ms
defaults
  mode tcp
  timeout client 1s
  timeout server 1s
  timeout connect 500ms
  timeout check 100ms
frontend proxied
  mode http
  bind 127.0.0.1:${proxied} accept-proxy
  http-request set-header x "%[src] %[dst] %[fc_pp_authority] %[fc_pp_unique_id,hex] %[fc_pp_tlv(5)]"
  default_backend plain
frontend inspected
  bind 127.0.0.1:${inspected}
  tcp-request inspect-delay 200ms
  tcp-request content set-var(sess.rdp) req.rdp_cookie(msts)
  tcp-request content set-var(sess.alpn) req.ssl_alpn
  tcp-request content set-var(sess.hex) req.ssl_sigalgs,hex
  tcp-request content set-var(sess.mqtt) req.payload(0,0),mqtt_field_value(connect,client_identifier)
  tcp-request content set-var(sess.fix) req.payload(0,0),fix_tag_value(49)
  tcp-request content set-var(sess.lv) req.payload_lv(1,2),hex
  tcp-request content reject if { req.payload(0,0),mqtt_is_valid } { req.payload(0,4) -m str none }
  tcp-request content reject if { req.payload(0,0),fix_is_valid } { req.ssl_ver gt 9 }
  tcp-request content accept if { req.ssl_sni -m end .example } or { req.ssl_hello_type 1 }
  default_backend plain
frontend straight
  mode http
  bind 127.0.0.1:${plain}
  default_backend plain
backend plain
  mode http
  http-request track-sc0 src table t
  http-request set-header m %[path,map(virt@m)]
  server s ${origin.address}
backend hurt
  server s ${origin.address} agent-check agent-addr 127.0.0.1 agent-port ${agent.split(':')[1]} agent-inter 20ms
backend named
  mode http
  server-template s 2 app.test:${origin.port} resolvers r init-addr none check inter 100ms
backend t
  stick-table type ip size 100 expire 10s store gpc0,http_req_rate(10s),gpt(5),server_id
log-forward relay
  bind 127.0.0.1:${logs}
  dgram-bind 127.0.0.1:${logs}
  log 127.0.0.1:${sink.port} format rfc5424 local0
${checked.join('')}`;
  return { ports, admin, text };
}

/** Bad clients of everything, for as long as it was told. */
class Attack {
  #connections = 0;
  readonly #mutator: ByteMutator;
  readonly #datagrams = createSocket('udp4');

  constructor(t: TestContext, mutator: ByteMutator) {
    this.#mutator = mutator;
    t.after(() => this.#datagrams.close());
  }

  async run({ ports, admin }: Lab, goOn: () => boolean): Promise<void> {
    const hello = await helloOf({ servername: 'a.example', ALPNProtocols: ['h2', 'http/1.1'] });
    const payloads = [...PAYLOADS, hello, hello, hello];
    for (const end = performance.now() + SECONDS * 1000; performance.now() < end && goOn(); await sleep(10)) {
      if (this.#connections > AT_ONCE) continue;
      this.#visit({ port: ports.proxied }, PROXY_HEADERS);
      this.#visit({ port: ports.inspected }, payloads);
      this.#visit({ port: ports.logs }, SYSLOG);
      this.#visit({ path: admin }, COMMANDS);
      const datagram = this.#mutator.mutate(this.#mutator.pick(SYSLOG));
      this.#datagrams.send(datagram, ports.logs, '127.0.0.1', () => undefined);
    }
  }

  #visit(place: { port: number } | { path: string }, messages: readonly Buffer[]): void {
    const mutator = this.#mutator;
    const socket = connect({ host: '127.0.0.1', ...place });
    this.#connections++;
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.on('close', () => this.#connections--);
    for (let count = 1 + mutator.below(4); count > 0; count--)
      socket.write(mutator.below(10) === 0 ? mutator.garbage(300) : mutator.mutate(mutator.pick(messages)));
    if (mutator.below(2) === 0) socket.end();
    const resets = 'port' in place && mutator.below(2) === 0;
    setTimeout(() => (resets ? resetSocket(socket) : socket.destroy()), mutator.below(600));
  }
}

/** Sessions that the program still has, but for the one that asks. */
async function sessions(admin: string): Promise<number> {
  const shown = await ask(admin, 'show sess');
  return shown.split('\n').filter(line => line.startsWith('0x') && !line.includes('unix_stream')).length;
}

test('whatever comes in beside HTTP, nothing breaks and nothing is kept', { timeout: 900_000 }, async t => {
  const mutator = new ByteMutator(SEED);
  const lab = await prepare(t, mutator);
  const lb = await startBalancer(t, lab.text);
  await new Attack(t, mutator).run(lab, () => lb.process.exitCode === null);
  assert.equal(lb.process.exitCode, null, lb.output());
  await until('the end of all sessions', async () => (await sessions(lab.admin)) === 0);
  assert.doesNotMatch(lb.output(), /died|replaced|control thread|Internal error|^ +at .*:\d+:\d+/m);
  assert.match(await exchangeRaw(lab.ports.plain, GET), /^HTTP\/1\.1 200 [^]*one/);
  assert.match(
    await exchangeRaw(lab.ports.proxied, `PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n${GET}`),
    /^HTTP\/1\.1 200 /,
  );
  assert.equal(await lb.stop(), 0);
});
