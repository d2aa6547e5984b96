/**
 * Prints a line of JSON for each advert that arrives on eth0 from somebody else, in whatever family: run in the
 * namespace of a router, it knows when that router's peer was heard last.
 */
import { sameIp } from '../../../src/base/ip-address.ts';
import { openReceiver } from '../../../src/vrrp/advert-receiver.ts';
import { systemClock } from '../../../src/vrrp/clock.ts';
import { KernelNetwork } from '../../../src/vrrp/network.ts';
import type { Envelope } from '../../../src/vrrp/packet.ts';

const ROUTER_ID = 51;
const network = new KernelNetwork();
const link = network.link('eth0');
if (link === undefined) throw new Error('there is no eth0');

function heard(_: Buffer, { source }: Envelope): void {
  const isOwn = network.addresses().some(({ ip }) => sameIp(ip, source));
  if (!isOwn) console.log(JSON.stringify({ at: Date.now(), from: source.toString() }));
}

for (const family of [4, 6] as const)
  openReceiver(
    {
      family,
      device: { name: link.name, index: link.index },
      groups: [family === 4 ? '224.0.0.18' : 'ff02::12'],
      leastTtl: 0,
      versions: [2, 3],
      routerIds: [ROUTER_ID],
    },
    {
      packet: heard,
      rest: () => {},
      broken: () => {},
      error: error => console.error(error.message),
    },
    systemClock,
  );
console.log('listening');
