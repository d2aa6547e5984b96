/** Rulesets at work, in network namespaces: who gets the connections of a real client, and what a change does to them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderExchange, renderRuleset } from '../../src/l4/ruleset.ts';
import type { ServerState, Service, ServiceState } from '../../src/l4/service.ts';
import { ForwardingLab, VIP, VIP6 } from '../support/forwarding-lab.ts';
import { requires } from '../support/requirement.ts';

const UP: ServerState = { weight: 1, gone: false };
const GONE: ServerState = { weight: 0, gone: true };

function service(over: Partial<Service> = {}): Service {
  return {
    id: 'vs0',
    name: 'test',
    family: 4,
    protocol: 'tcp',
    targets: [{ kind: 'address', first: VIP, last: VIP, port: 80 }],
    method: 'NAT',
    scheduler: 'rr',
    hashesPort: false,
    servers: ['10.9.0.2', '10.9.0.3', '10.9.0.4'].map(address => ({ address, port: 8000 })),
    ...over,
  };
}

function at(one: Service, states: readonly ServerState[], generation = 1): ServiceState {
  return { service: one, states, generation };
}

const IPV6: Partial<Service> = {
  family: 6,
  targets: [{ kind: 'address', first: VIP6, last: VIP6, port: 80 }],
  servers: ['fd09::2', 'fd09::3', 'fd09::4'].map(address => ({ address, port: 8000 })),
};

test('translated connections and datagrams are shared exactly by weight, of both families; nobody refuses', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
  const net = await ForwardingLab.create(t);
  const weighted = [{ ...UP, weight: 3 }, { ...UP, weight: 2 }, UP];
  const services = [
    at(service(), [UP, UP, UP]),
    at(service({ ...IPV6, id: 'vs1', scheduler: 'wrr' }), weighted),
    at(service({ id: 'vs2', protocol: 'udp', scheduler: 'wrr' }), weighted),
    at(service({ id: 'vs3', targets: [{ kind: 'address', first: VIP, last: VIP, port: 81 }] }), [
      GONE,
      GONE,
      GONE,
    ]),
    at(
      service({
        ...IPV6,
        id: 'vs5',
        targets: [{ kind: 'address', first: VIP6, last: VIP6, port: 81 }],
      }),
      [GONE, GONE, GONE],
    ),
    at(
      service({
        id: 'vs4',
        targets: [{ kind: 'address', first: VIP, last: VIP, port: 82 }],
        scheduler: 'sh',
      }),
      [UP, UP, UP],
    ),
  ];
  net.nft(renderRuleset(services, {}));
  assert.deepEqual(await net.ask('tcp', VIP, 30), { s1: 10, s2: 10, s3: 10 });
  assert.deepEqual(await net.ask('tcp', VIP6, 30), { s1: 15, s2: 10, s3: 5 });
  assert.deepEqual(await net.ask('udp', VIP, 30), { s1: 15, s2: 10, s3: 5 });
  assert.deepEqual(await net.ask('tcp', VIP, 3, 81), { ECONNREFUSED: 3 });
  assert.deepEqual(await net.ask('tcp', VIP6, 3, 81), { ECONNREFUSED: 3 });
  assert.deepEqual(Object.values(await net.ask('tcp', VIP, 10, 82)), [10]);
});

test('a persistent client stays, and chooses again when its server is gone', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
  const net = await ForwardingLab.create(t);
  const persistent = service({ persistence: { timeoutSec: 60, prefixLength: 24 } });
  const before = at(persistent, [UP, UP, UP]);
  const without = at(persistent, [GONE, UP, UP], 2);
  const again = at(persistent, [UP, UP, UP], 3);
  net.nft(renderRuleset([before], {}));
  assert.deepEqual(await net.ask('tcp', VIP, 5), { s1: 5 });
  net.nft(renderExchange(before, without, [without]).join('\n'), 'lines');
  assert.deepEqual(await net.ask('tcp', VIP, 5), { s2: 5 });
  net.nft(renderExchange(without, again, [again]).join('\n'), 'lines');
  assert.deepEqual(await net.ask('tcp', VIP, 5), { s2: 5 });
});

test('no connection is lost while servers leave and come back all the time', async t => {
  if (!requires(t, 'root', 'ip', 'bridge', 'nft')) return;
  const net = await ForwardingLab.create(t);
  const one = service();
  const generations = Array.from({ length: 400 }, (_, index) =>
    at(one, [UP, { weight: index % 2, gone: false }, UP], index + 1),
  );
  net.nft(renderRuleset(generations.slice(0, 1), {}));
  const asked = net.ask('tcp', VIP, 2000);
  const changes = generations
    .slice(1)
    .flatMap((next, index) => renderExchange(generations[index] as ServiceState, next, [next]));
  net.nft(changes.join('\n'), 'lines');
  const { s1 = 0, s2 = 0, s3 = 0, ...failed } = await asked;
  assert.deepEqual(failed, {});
  assert.ok(s1 > 0 && s2 > 0 && s3 > 0, `${s1} ${s2} ${s3}`);
});
