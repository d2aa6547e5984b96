/** `http-check send-state`: the header that tells a server how it is seen (manual, section 4.2). */
import { hostname } from 'node:os';
import { monotonicMs } from '../base/clock.ts';
import { SRV_STARTING, SRV_STOPPED, SRV_STOPPING } from '../state/server-words.ts';
import { fullHealth } from './advance.ts';
import type { CheckFacts } from './check-facts.ts';

export function serverStateHeader(facts: CheckFacts): string {
  const { server, life } = facts;
  const { servers } = life.effects;
  const { row, backend, proxy, config } = server;
  const { address } = config;
  const [host, port] = address.kind === 'ip' ? [address.host, String(address.port)] : ['unix', ''];
  const total = servers
    .serversOf(backend)
    .filter(other => servers.usable(other))
    .reduce((sum, other) => sum + servers.shownWeight(other), 0);
  const queued = servers.queued(row);
  const fields = [
    stateText(facts),
    `address=${host}`,
    `port=${port}`,
    `name=${proxy.name}/${config.name}`,
    `node=${life.effects.node ?? hostname()}`,
    `weight=${servers.shownWeight(row)}/${total}`,
    `scur=${servers.served(row)}/${servers.backendSessions(backend)}`,
    `qcur=${queued}`,
  ];
  const throttle = throttlePercent(facts);
  if (throttle !== undefined) fields.push(`throttle=${throttle}%`);
  return fields.join('; ');
}

/** `UP`, `UP 2/3`, `NOLB`, `DOWN 1/2`, ... */
function stateText({ server, life }: CheckFacts): string {
  const { checks } = life.effects.servers;
  const { rise, fall } = server.policy;
  const health = checks.health(server.row, 'check');
  const state = life.state(server);
  if (state === SRV_STOPPED) return health === 0 ? 'DOWN' : `DOWN ${health}/${rise}`;
  const name = state === SRV_STOPPING ? 'NOLB' : 'UP';
  return health === fullHealth(server.policy) ? name : `${name} ${health - rise + 1}/${fall}`;
}

function throttlePercent({ server, life }: CheckFacts): number | undefined {
  const { servers } = life.effects;
  if (life.state(server) !== SRV_STARTING) return undefined;
  const slowstart = servers.slowstartSeconds(server.row);
  const elapsed = Math.floor(monotonicMs() / 1000) - servers.lastChangeSeconds(server.row);
  if (elapsed < 0 || elapsed >= slowstart) return undefined;
  return Math.max(1, Math.floor((100 * elapsed) / slowstart));
}
