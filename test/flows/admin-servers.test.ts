/** Servers, frontends and limits steered through the admin socket of the real program, with traffic to see it. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { exchangeRaw } from '../support/balancer.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { statRows } from '../support/stat-rows.ts';
import { until } from '../support/until.ts';
import { startAdminBalancer, type AdminBalancer } from '../support/admin-balancer.ts';

const GET = 'GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n';

interface Started extends AdminBalancer {
  /** The name of the server that answered, or the status. */
  readonly get: () => Promise<string>;
  readonly ports: readonly number[];
}

async function start(t: TestContext, { backend = '', options = '', globals = '' } = {}): Promise<Started> {
  const ports: number[] = [];
  for (const name of ['one', 'two', 'three']) ports.push((await startHttpOrigin(t, name)).port);
  const servers = ['one', 'two'].map(
    (name, index) => `  server ${name} 127.0.0.1:${ports[index]} ${options}`,
  );
  const app = `  balance roundrobin\n${backend}\n${servers.join('\n')}`;
  const balancer = await startAdminBalancer(t, { globals, app });
  const get = async (): Promise<string> => {
    const answer = await exchangeRaw(balancer.web, GET);
    const status = answer.slice(9, 12);
    return status === '200' ? (/x-server: (\w+)/.exec(answer)?.[1] ?? answer) : status;
  };
  return { ...balancer, get, ports };
}

async function seen(get: () => Promise<string>, times = 8): Promise<string> {
  const names = new Set<string>();
  for (let request = 0; request < times; request++) names.add(await get());
  return [...names].sort().join(' ');
}

test('a server in maintenance gets no request until it is ready again', async t => {
  const { get, tell } = await start(t);
  assert.equal(await seen(get), 'one two');
  assert.equal(await tell('disable server app/one'), '\n');
  assert.equal(await seen(get), 'two');
  assert.match(await tell('show stat app 4 1'), /^app,one,.*,MAINT,/m);
  assert.equal(await tell('set server app/two state drain'), '\n');
  assert.equal(await get(), '503');
  assert.equal(await tell('enable server app/one;set server app/two state ready'), '\n\n');
  assert.equal(await seen(get), 'one two');
});

test('connections to a server that enters maintenance do not rest any longer', async t => {
  const { get, tell } = await start(t, { options: 'pool-purge-delay 1h' });
  const idle = async (): Promise<string | undefined> =>
    statRows(await tell('show stat')).get('app/one')?.['srv_icur'];
  await seen(get);
  assert.notEqual(await idle(), '0');
  await tell('set server app/one state maint');
  await until('the end of idle connections', async () => (await idle()) === '0');
  await tell('set server app/one state ready');
  assert.equal(await seen(get), 'one two');
});

test('requests go to the new address as soon as the command has answered', async t => {
  const { get, tell, ports } = await start(t);
  assert.equal(await seen(get), 'one two');
  assert.equal(
    await tell(`set server app/one addr 127.0.0.1 port ${ports[2]}`),
    `port changed from '${ports[0]}' to '${ports[2]}' by 'stats socket command'\n\n`,
  );
  assert.equal(await seen(get), 'three two');
  assert.match(await tell('show servers state app'), new RegExp(`app 1 one 127.0.0.1 .* ${ports[2]} `));
  assert.equal(await tell(`set server app/one addr 127.0.0.1`), 'nothing changed\n\n');
  assert.equal(await tell(`set server app/one addr nonsense`), `Invalid addr 'nonsense'\n\n`);
});

test('addresses of added servers may name variables of the environment, those that setenv has set too', async t => {
  const { get, tell, ports } = await start(t, { globals: 'setenv ADDED_HOST 127.0.0.1' });
  const answer = await tell(`add server app/three \${ADDED_HOST}:${ports[2]};enable server app/three`);
  assert.match(answer, /New server registered\./);
  assert.equal(await seen(get), 'one three two');
});

test('weights change at once, in numbers and per cent', async t => {
  const { get, tell } = await start(t, { options: 'weight 10' });
  assert.equal(await tell('get weight app/one'), '10 (initial 10)\n\n');
  assert.equal(await tell('set weight app/one 0'), '\n');
  assert.equal(await seen(get), 'two');
  assert.equal(await tell('set server app/one weight 50%;get weight app/one'), '\n5 (initial 10)\n\n');
  assert.equal(await seen(get), 'one two');
  assert.equal(
    await tell('set weight app/one 257'),
    'Absolute weight can only be between 0 and 256 inclusive.\n\n',
  );
  assert.equal(await tell('set weight app/one 5x'), 'Trailing garbage in weight string\n\n');
  assert.equal(await tell('set weight app/nobody 5'), 'No such server.\n\n');
  assert.equal(await tell('set weight nothing/one 5'), 'No such backend.\n\n');
  assert.equal(await tell('set weight app 5'), `Require 'backend/server'.\n\n`);
});

test('static algorithms take only the weights 0 and the initial one', async t => {
  const { tell } = await start(t, { backend: '  balance static-rr' });
  assert.match(await tell('set weight app/one 50'), /^Backend is using a static LB algorithm/);
  assert.equal(await tell('set weight app/one 0%;set weight app/one 100%'), '\n\n');
});

test('servers are found by their numbers too', async t => {
  const { tell } = await start(t);
  const id = /^app,BACKEND(?:,[^,]*){25},(\d+),/m.exec(await tell('show stat'))?.[1];
  assert.equal(await tell(`get weight #${id}/#2`), '1 (initial 1)\n\n');
});

test('a disabled frontend refuses connections and takes them again when enabled', async t => {
  const { get, tell, web } = await start(t);
  assert.equal(await tell('disable frontend web'), '\n');
  assert.equal(await refuses(web), true);
  assert.match(await tell('show stat web 1 -1'), /^web,FRONTEND,.*,PAUSED,/m);
  assert.equal(await tell('disable frontend web'), 'All sockets are already disabled.\n\n');
  assert.equal(await tell('enable frontend web'), '\n');
  assert.equal(await seen(get), 'one two');
  assert.equal(await tell('enable frontend web'), 'All sockets are already enabled.\n\n');
});

test('a frontend that was shut down stays closed', async t => {
  const { tell, web } = await start(t);
  assert.equal(await tell('shutdown frontend web'), '\n');
  assert.equal(await refuses(web), true);
  assert.equal(await tell('shutdown frontend web'), 'Frontend was already shut down.\n\n');
  assert.equal(await tell('enable frontend web'), 'Frontend was previously shut down, cannot enable.\n\n');
  assert.equal(await tell('shutdown frontend nobody'), 'No such frontend.\n\n');
});

async function refuses(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise(resolve => {
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', error => resolve((error as NodeJS.ErrnoException).code === 'ECONNREFUSED'));
  });
}

test('limits are changed and shown', async t => {
  const { tell } = await start(t, { globals: '  maxconn 100' });
  assert.equal(await tell('set maxconn frontend web 7;set maxconn server app/one 3'), '\n\n');
  assert.match(await tell('show stat web 1 -1'), /^web,FRONTEND,,,0,0,7,/m);
  assert.match(await tell('show stat app 4 1'), /^app,one,0,0,0,0,3,/m);
  assert.equal(await tell('set maxconn global 50;set rate-limit sessions global 9'), '\n\n');
  const info = await tell('show info');
  assert.match(info, /^Maxconn: 50$/m);
  assert.match(info, /^SessRateLimit: 9$/m);
  assert.equal(await tell('set rate-limit http-compression global 3'), '\n');
  assert.match(await tell('show info'), /^CompressBpsRateLim: 3072$/m);
  assert.equal(await tell('set maxconn global 101'), 'Value out of range.\n\n');
  assert.equal(await tell('set maxconn frontend web'), 'Integer value expected.\n\n');
});

test('counters are cleared, the highest alone or all', async t => {
  const { get, tell } = await start(t);
  await seen(get, 4);
  assert.match(await tell('show stat web 1 -1'), /^web,FRONTEND,,,\d+,[1-9],[^,]*,4,/m);
  await tell('clear counters');
  assert.match(await tell('show stat web 1 -1'), /^web,FRONTEND,,,\d+,0,[^,]*,4,/m);
  await tell('clear counters all');
  assert.match(await tell('show stat web 1 -1'), /^web,FRONTEND,,,\d+,0,[^,]*,0,/m);
});

test('statistics come in all their forms', async t => {
  const { tell } = await start(t);
  const csv = await tell('show stat');
  assert.equal(csv.split('\n')[0]?.split(',').length, 146);
  const json = JSON.parse(await tell('show stat json')) as { objType: string }[][];
  assert.deepEqual(
    json.map(row => row[0]?.objType),
    ['Frontend', 'Server', 'Server', 'Backend'],
  );
  assert.match(await tell('show stat typed'), /^F\.2\.0\.0\.pxname\.1:KNSV:str:web$/m);
  assert.match(await tell('show stat typed desc'), /^F\.2\.0\.0\.pxname\.1:KNSV:str:web:"/m);
  assert.match(await tell('show stat web 1 -1'), /^web,FRONTEND/m);
  assert.equal(await tell('show stat nobody 1 -1'), 'No such proxy.\n\n');
  assert.equal(await tell('show stat domain what'), 'Invalid statistics domain.\n\n');
  JSON.parse(await tell('show info json'));
  JSON.parse(await tell('show schema json'));
  assert.match(await tell('show info typed'), /^0\.Name\.1:POSV:str:HAProxy$/m);
});
