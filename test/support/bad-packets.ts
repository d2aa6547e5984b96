/**
 * Sends bad VRRP packets to the group as fast as is fair: 1,000 good adverts of each kind that have one thing wrong,
 * and 100,000 random ones, half of them with a head that is right. The argument is the router id of an instance of
 * version 3, the next one is of version 2 with a password. Prints how many it sent, and in what time.
 */
import { setImmediate } from 'node:timers/promises';
import { openSender } from '../../src/vrrp/advert-sender.ts';
import { ipOf } from '../../src/vrrp/ip-bytes.ts';
import { KernelNetwork } from '../../src/vrrp/network.ts';
import { encodeAdvert } from '../../src/vrrp/packet.ts';
import { randomNumbers } from './random-numbers.ts';

const RANDOM = 100_000;
const OF_EACH_KIND = 1000;
const id = Number(process.argv[2] ?? 51);
const network = new KernelNetwork();
const sender = openSender(4, network.link('eth0'));
const group = ipOf('224.0.0.18');
const source = ipOf('10.9.0.3');
const below = randomNumbers(7);

const best = { priority: 254, addresses: [ipOf('10.9.0.100')], v3ChecksumAsV2: false };
const version3 = encodeAdvert({ ...best, version: 3, virtualRouterId: id, advertIntMs: 100 }, source, group);
const version2 = (authPass?: string): Buffer =>
  encodeAdvert(
    {
      ...best,
      version: 2,
      virtualRouterId: id + 1,
      advertIntMs: 1000,
      ...(authPass === undefined ? {} : { authPass }),
    },
    source,
    group,
  );

interface Packet {
  readonly payload: Buffer;
  readonly ttl: number;
}

function changed(at: number, value: number): Packet {
  const payload = Buffer.from(version3);
  payload[at] = value;
  return { payload, ttl: 255 };
}

const KINDS: readonly Packet[] = [
  { payload: version3, ttl: 254 },
  changed(0, 0x21),
  changed(0, 0x32),
  changed(6, ~(version3[6] ?? 0) & 0xff),
  changed(3, 200),
  changed(1, 77),
  { payload: version3.subarray(0, 9), ttl: 255 },
  { payload: version2(), ttl: 255 },
  { payload: version2('wrong'), ttl: 255 },
];

function randomPacket(round: number): Packet {
  const payload = Buffer.from(Array.from({ length: below(60) }, () => below(256)));
  if (round % 2 === 0 && payload.length > 1) payload.set([0x31, id]);
  return { payload, ttl: 255 };
}

let tried = 0;
let sent = 0;
async function send({ payload, ttl }: Packet): Promise<void> {
  if (sender.send(payload, source, group, ttl) === 0) sent++;
  if (++tried % 50 === 0) await setImmediate();
}

const start = Date.now();
for (let round = 0; round < OF_EACH_KIND; round++) for (const packet of KINDS) await send(packet);
for (let round = 0; round < RANDOM; round++) await send(randomPacket(round));
console.log(JSON.stringify({ sent, tookMs: Date.now() - start }));
sender.close();
network.close();
