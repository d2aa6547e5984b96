/** What an advert costs does not grow with the number of instances; counted, not timed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Deadlines, type Due } from '../../src/vrrp/deadlines.ts';
import { ipOf } from '../../src/vrrp/ip-bytes.ts';
import { encodeAdvert } from '../../src/vrrp/packet.ts';
import { countWork } from '../support/counted-work.ts';
import { configOf, FakeNode } from '../support/fake-vrrp.ts';

const ROUNDS = 4;

function advert(id: number): Buffer {
  const addresses = [ipOf(`10.0.1.${id}`)];
  const said = { version: 3, virtualRouterId: id, priority: 150, advertIntMs: 100, addresses } as const;
  return encodeAdvert({ ...said, v3ChecksumAsV2: false }, ipOf('10.0.0.2'), ipOf('224.0.0.18'));
}

function instance(id: number): string {
  return `vrrp_instance V${id} {
    interface eth0
    virtual_router_id ${id}
    version 3
    advert_int 0.1
    virtual_ipaddress {
      10.0.1.${id}
    }
  }
`;
}

/** A backup that hears the masters of all of its instances, interval by interval. */
async function backupOf(count: number): Promise<FakeNode> {
  const fake = new FakeNode();
  fake.network.addLink('eth0', '10.0.0.1');
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  fake.start(configOf(ids.map(instance).join('')));
  for (const id of ids) fake.hear(advert(id), '10.0.0.2');
  await fake.clock.pass(50);
  return fake;
}

async function workPerAdvert(count: number): Promise<number> {
  const fake = await backupOf(count);
  const adverts = Array.from({ length: count }, (_, index) => advert(index + 1));
  const timersBefore = fake.clock.timersSet;
  const work = await countWork('/src/vrrp/', () => {
    for (let round = 0; round < ROUNDS; round++) for (const packet of adverts) fake.hear(packet, '10.0.0.2');
  });
  assert.equal(fake.clock.timersSet, timersBefore, 'an advert sets no timer');
  assert.ok(fake.handle?.snapshot().instances.every(({ state }) => state === 'BACKUP'));
  fake.handle?.releaseNow();
  return work / (ROUNDS * count);
}

test('an advert for one of 255 instances is as much work as for one of 8, but for the order of deadlines', async () => {
  const [few, many] = [await workPerAdvert(8), await workPerAdvert(255)];
  // the heap of 255 is five steps deeper than that of 8
  assert.ok(few > 10 && many < few + 50, `${few} blocks of code for one of 8, ${many} for one of 255`);
});

test('255 masters that are due at once advertise in one turn', async () => {
  const fake = new FakeNode();
  fake.network.addLink('eth0', '10.0.0.1');
  const ids = Array.from({ length: 255 }, (_, index) => index + 1);
  fake.start(configOf(ids.map(instance).join('')));
  await fake.clock.pass(361);
  const { length: sent } = fake.sent;
  const { timersSet } = fake.clock;
  await fake.clock.pass(100);
  assert.equal(fake.sent.length, sent + 255);
  assert.equal(fake.clock.timersSet, timersSet + 1);
  fake.handle?.releaseNow();
});

test('deadlines stay in order however they are moved', () => {
  const deadlines = new Deadlines<Due>();
  const all = Array.from({ length: 200 }, (): Due => ({ at: Infinity, place: -1 }));
  let seed = 1;
  const random = (below: number): number => (seed = (seed * 48_271) % 0x7fff_ffff) % below;
  for (let round = 0; round < 20_000; round++) {
    const one = all[random(all.length)] as Due;
    deadlines.move(one, random(5) === 0 ? Infinity : random(1000));
    const earliest = Math.min(...all.map(({ at }) => at));
    assert.equal(deadlines.first()?.at ?? Infinity, earliest);
  }
});
