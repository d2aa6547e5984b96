/** Requests that no server gets: what logs tell of them, of their cookies and times, and where they are counted, as the real HAProxy. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePorts } from '../support/free-port.ts';
import { bounded } from '../support/http2-client.ts';
import { startLogReceiver } from '../support/log-receiver.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { statRows } from '../support/stat-rows.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until } from '../support/until.ts';

const LISTENS: Readonly<Record<string, string>> = {
  deny: 'http-request deny',
  tarpit: 'http-request tarpit',
  reject: 'http-request reject',
  return: 'http-request return status 200',
  redirect: 'redirect location /',
  auth: 'http-request auth',
  stats: 'stats uri /',
  elsewhere: 'use_backend plain',
  served: '',
};
const FRONTENDS: Readonly<Record<string, string>> = {
  nowhere: 'use_backend %[path]',
  'nowhere-buffered': 'option http-buffer-request',
  moved: 'default_backend moved-away',
  'denied-behind': 'default_backend denying',
};
const NAMES = [...Object.keys(LISTENS), ...Object.keys(FRONTENDS)];
const COOKIES = ['', '; SRV=one', '; SRV=unknown'];
const COUNTS = ['stot', 'lbtot', 'dreq', 'req_tot', 'intercepted', 'connect'];

async function run(t: TestContext, program: string | undefined): Promise<string[]> {
  const [origin, receiver] = [await startHttpOrigin(t, 'o'), await startLogReceiver(t)];
  const ports = await freePorts(NAMES.length);
  const bind = (name: string): string => `bind 127.0.0.1:${ports[NAMES.indexOf(name)]}`;
  const server = `server one ${origin.address} cookie one`;
  const admin = join(temporaryFolder(t), 'admin');
  const listens = Object.entries(LISTENS).map(
    ([name, line]) => `listen ${name}
  ${bind(name)}
  cookie SRV insert indirect
  capture cookie APP len 20
  ${line}
  ${server}
`,
  );
  const frontends = Object.entries(FRONTENDS).map(
    ([name, line]) => `frontend ${name}\n  ${bind(name)}\n  capture cookie APP len 20\n  ${line}\n`,
  );
  const config = `global
  stats socket ${admin}
defaults
  mode http
  log 127.0.0.1:${receiver.port} format raw local0
  log-format "%ft %b/%s %TR/%Tw/%Tc/%Tr %ST %CC %CS %tsc"
  timeout connect 5s
  timeout client 5s
  timeout server 5s
  timeout tarpit 50ms
${[...listens, ...frontends].join('')}
backend plain
  ${server}
backend moved-away
  cookie SRV insert indirect
  ${server} redir http://other.example
backend denying
  cookie SRV insert indirect
  http-request deny
  ${server}
`;
  await startBalancer(t, config, program === undefined ? {} : { program });
  let visits = 0;
  for (const [index] of NAMES.entries())
    for (const cookie of COOKIES) {
      await visit(ports[index] as number, cookie);
      visits++;
      // the next may be another thread's, whose line would overtake this one
      await until('its line', () => receiver.lines.length === visits);
    }
  const rows = statRows(await ask(admin, 'show stat'));
  const counts = [...rows].map(([name, row]) => `${name} ${COUNTS.map(field => row[field]).join(' ')}`);
  return [...receiver.lines.map(masked), ...counts];
}

async function visit(port: number, cookie: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  socket.write(`GET /x HTTP/1.1\r\nHost: x\r\nCookie: APP=it${cookie}\r\nConnection: close\r\n\r\n`);
  await bounded('the end of a visit', once(socket, 'close'));
}

/** How long it took does not matter; -1 does. */
function masked(line: string): string {
  return line.trim().replace(/(?<= )-?\d+(?:\/-?\d+){3}(?= )/, times => times.replace(/(?<!-)\b\d+/g, 'N'));
}

test('requests that no server gets are logged and counted as by the real HAProxy', async t => {
  if (!requires(t, 'haproxy')) return;
  const [own, real] = await Promise.all([run(t, undefined), run(t, 'haproxy')]);
  assert.ok(real.includes('deny deny/one N/-1/-1/-1 403 APP=it - PRVN'), real.join('\n'));
  assert.deepEqual(own, real);
});
