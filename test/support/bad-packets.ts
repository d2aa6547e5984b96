/**
 * Sends 100,000 bad VRRP packets to the group as fast as is fair: random bytes, and good adverts with one thing wrong.
 * The router id is the argument. Prints how many it sent, and in what time.
 */
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { openSender } from '../../src/vrrp/advert-sender.ts';
import { ipOf } from '../../src/vrrp/ip-bytes.ts';
import { KernelNetwork } from '../../src/vrrp/network.ts';
import { encodeAdvert } from '../../src/vrrp/packet.ts';

const COUNT = 100_000;
const [id = '51'] = process.argv.slice(2);
const network = new KernelNetwork();
const link = network.link('eth0');
const sender = openSender(4, link);
const group = ipOf('224.0.0.18');
const source = ipOf('10.9.0.3');
const good = encodeAdvert(
  {
    version: 3,
    virtualRouterId: Number(id),
    priority: 254,
    advertIntMs: 100,
    addresses: [ipOf('10.9.0.100')],
    v3ChecksumAsV2: false,
  },
  source,
  group,
);

function packetOf(round: number): { readonly payload: Buffer; readonly ttl: number } {
  const payload = Buffer.from(good);
  switch (round % 7) {
    case 0:
      return { payload, ttl: 254 };
    case 1:
      payload[0] = 0x21;
      break;
    case 2:
      payload[0] = 0x32;
      break;
    case 3:
      payload[6] = ~(payload[6] ?? 0) & 0xff;
      break;
    case 4:
      payload[3] = 200;
      break;
    case 5:
      return { payload: payload.subarray(0, 9), ttl: 255 };
    default: {
      const random = randomBytes(round % 60);
      if (random.length > 1) random[1] = Number(id);
      return { payload: random, ttl: 255 };
    }
  }
  return { payload, ttl: 255 };
}

const start = Date.now();
for (let round = 0; round < COUNT; round++) {
  const { payload, ttl } = packetOf(round);
  sender.send(payload, source, group, ttl);
  if (round % 50 === 0) await setImmediate();
}
console.log(JSON.stringify({ sent: COUNT, tookMs: Date.now() - start }));
sender.close();
network.close();
