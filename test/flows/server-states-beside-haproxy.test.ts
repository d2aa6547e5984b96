/**
 * All columns of `show servers state`, and what `show stat` says of states and checks, for servers of every kind under
 * the orders an administrator has: in lb as in HAProxy.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ask } from '../support/admin-client.ts';
import { startBalancer } from '../support/balancer.ts';
import { freePort } from '../support/free-port.ts';
import { startRawOrigin } from '../support/origin.ts';
import { requires } from '../support/requirement.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { until, untilMatches } from '../support/until.ts';

const CHECKED = 'check inter 200ms';
const SERVERS = (port: number, agent: number): Readonly<Record<string, string>> => ({
  plain: '',
  disabled: 'disabled',
  checked: CHECKED,
  off: `${CHECKED} disabled`,
  agent: `agent-check agent-port ${agent} agent-inter 200ms`,
  both: `${CHECKED} agent-check agent-port ${agent} agent-inter 200ms`,
  tracks: 'track checked',
  tracksoff: 'track off',
  offtracks: 'track checked disabled',
  weightless: 'weight 0',
  weightlesschecked: `weight 0 ${CHECKED}`,
  backup: 'backup',
  ported: `id 77 ${CHECKED} port ${port}`,
  other: CHECKED,
});

const STEPS: readonly (readonly string[])[] = [
  [],
  ['plain state maint', 'checked state maint', 'other state drain', 'agent state maint', 'both state drain'],
  ['plain', 'checked', 'disabled', 'off', 'offtracks', 'agent', 'both', 'other'].map(
    name => `${name} state ready`,
  ),
  ['plain state drain', 'other health stopping', 'tracksoff state drain', 'off health down'],
  ['plain state ready', 'other health up', 'both agent down', 'checked state drain', 'checked state maint'],
  ['ported state maint', 'ported check-port 4321'],
];

const COMPARED = new Set([
  'status',
  'weight',
  'act',
  'bck',
  'check_status',
  'agent_status',
  'last_agt',
  'check_rise',
]);

function table(text: string, separator: RegExp | string, names: (name: string) => boolean): string[] {
  const [head = '', ...lines] = text.trim().split('\n');
  const columns = head.replace(/^# /, '').split(separator);
  return lines.map(line => {
    const cells = line.split(separator).map((cell, at) => [columns[at] ?? '', cell] as const);
    return cells
      .filter(([column]) => names(column))
      .map(([column, cell]) => `${column}=${settled(column, cell)}`)
      .join(' ');
  });
}

/** Whether a check is under way this very moment is no matter of comparison. */
function settled(column: string, cell: string): string {
  if (column === 'srv_check_state' || column === 'srv_agent_state') return String(Number(cell) & ~1);
  return cell.replace(/^\* /, '');
}

async function states(socket: string): Promise<string> {
  const kept = (name: string): boolean => name !== 'srv_time_since_last_change';
  const lines = (await ask(socket, 'show servers state')).replace(/^1\n/, '');
  const statistics = table(
    await ask(socket, 'show stat'),
    ',',
    name => name === 'svname' || COMPARED.has(name),
  );
  return [...table(lines, ' ', kept), ...statistics].join('\n');
}

async function start(t: TestContext, servers: string, program?: string): Promise<string> {
  const socket = join(temporaryFolder(t), 'admin');
  const port = await freePort();
  const config = `global
    stats socket ${socket} level admin
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend f
    bind 127.0.0.1:${port}
backend b
${servers}`;
  await startBalancer(t, config, program === undefined ? {} : { program });
  return socket;
}

test('Servers stand as they do in HAProxy, whatever an administrator orders', async t => {
  if (!requires(t, 'haproxy')) return;
  const { port } = await startRawOrigin(t, socket => socket.resume());
  const agent = await startRawOrigin(t, socket => socket.end('up 100%\n'));
  const servers = Object.entries(SERVERS(port, agent.port))
    .map(([name, words]) => `    server ${name} 127.0.0.1:${port} ${words}\n`)
    .join('');
  const [ours, theirs] = await Promise.all([start(t, servers), start(t, servers, 'haproxy')]);
  let [found, wanted] = ['', ''];
  for (const orders of STEPS) {
    for (const order of orders)
      for (const socket of [ours, theirs]) assert.equal(await ask(socket, `set server b/${order}`), '\n');
    const agrees = async (): Promise<boolean> => {
      [found, wanted] = await Promise.all([states(ours), states(theirs)]);
      return found === wanted && !/=INI/.test(wanted);
    };
    await until('the same in both', agrees).catch(() => assert.equal(found, wanted, orders.join('; ')));
  }
});

test('An agent that speaks first is heard at once: the handshake does not wait for what is not sent', async t => {
  const agent = await startRawOrigin(t, socket => socket.end('up\n'));
  const socket = await start(
    t,
    `    server s 127.0.0.1:1 agent-check agent-port ${agent.port} agent-inter 100ms\n`,
  );
  await untilMatches(() => ask(socket, 'show stat'), /^b,s,.*via agent : up/m);
});
