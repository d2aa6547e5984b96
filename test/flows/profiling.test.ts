import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startAdminBalancer } from '../support/admin-balancer.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';

const APP = '  http-request return status 200';

async function load(port: number): Promise<void> {
  for (let i = 0; i < 50; i++) assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
}

test('profiling.tasks on tells where processor time goes, by function and module', async t => {
  const { tell, web } = await startAdminBalancer(t, { globals: '  profiling.tasks on', app: APP });
  await load(web);
  const all = await tell('show profiling');
  assert.match(all, /^Per-task CPU profiling {14}: on {12}# set profiling tasks \{on\|auto\|off\}\n/);
  assert.match(all, /\nMemory usage profiling {14}: off {11}# set profiling memory \{on\|off\}\n/);
  assert.match(all, /\nTasks activity over [\d.]+ sec: [\d.]+m?s of processor time/);
  assert.match(all, /\n +\d+ +[\d.]+[mun]s +[\d.]+ {2}(proxy|http|net|acl|rules|worker)\/[\w/-]+:\S+ <- \S/);
  const lines = (await tell('show profiling tasks aggr bytime 3')).trimEnd().split('\n');
  assert.equal(lines.length, 5);
  const shares = lines.slice(2).map(line => Number(line.trim().split(/ +/)[2]));
  assert.deepEqual(
    shares,
    shares.toSorted((one, other) => other - one),
  );
  assert.ok(lines.slice(2).every(line => !line.includes('<-')));
});

test('cpu_calls, cpu_ns_* and lat_ns_* tell what a request has cost, as long as that is measured', async t => {
  const origin = await startHttpOrigin(t, 'one');
  const words = ['cpu_calls', 'cpu_ns_tot', 'cpu_ns_avg', 'lat_ns_tot', 'lat_ns_avg'];
  const { tell, web } = await startAdminBalancer(t, {
    globals: '  profiling.tasks on',
    app: `  http-response set-header work "${words.map(word => `%[${word}]`).join(' ')}"
  server one ${origin.address}`,
  });
  const ask = async (): Promise<readonly number[]> => {
    const { headers } = await fetch(`http://127.0.0.1:${web}/`);
    return (headers.get('work') ?? '').split(' ').map(Number);
  };
  const [calls = 0, total = 0, average = 0, waited = 0, waitedEach = 0] = await ask();
  assert.ok(calls >= 2 && calls < 20, `${calls} calls`);
  assert.ok(total > 0 && waited >= 0, `${total} ns, waited ${waited}`);
  assert.ok(average > 0 && average <= total && waitedEach <= waited);
  const [again = 0] = await ask();
  assert.ok(again < 20, 'counted anew for each request');
  await tell('trace h1 sink buf0; trace h1 start now');
  assert.ok(((await ask())[0] ?? 0) >= 2, 'also while it is traced');
  await tell('trace h1 stop now');
  await tell('set profiling tasks off');
  assert.deepEqual(await ask(), [0, 0, 0, 0, 0]);
  await tell('set profiling tasks on');
  assert.ok(((await ask())[0] ?? 0) > 0);
});

test('profiling is switched while running', async t => {
  const { tell, web } = await startAdminBalancer(t, { app: APP });
  assert.equal((await tell('show profiling')).trim().split('\n').length, 2);
  assert.equal((await tell('set profiling tasks auto lock')).trim(), '');
  assert.match(await tell('show profiling status'), /: auto-(on|off) +#/);
  assert.equal((await tell('set profiling memory on')).trim(), '');
  await load(web);
  assert.match(
    await tell('show profiling memory byaddr'),
    /^Memory in use .*\n +bytes .*\n( +\d+ {2}\S.*\n)+/,
  );
  await tell('set profiling memory off');
  await tell('set profiling tasks off');
  assert.match(await tell('show profiling status'), /: off .*\n.*: off /);
});

test('wrong words are refused as HAProxy does', async t => {
  if (!requires(t, 'haproxy')) return;
  const programs = [undefined, 'haproxy'];
  const balancers = await Promise.all(programs.map(program => startAdminBalancer(t, { app: APP, program })));
  for (const line of ['set profiling', 'set profiling foo', 'set profiling tasks foo', 'show profiling foo'])
    for (const { tell } of balancers) assert.match(await tell(line), /^Expects (either )?'/, line);
});
