/**
 * Prints a line of JSON for each advert that arrives on an interface from somebody else for a router id, in whatever
 * family: run in the namespace of a router, it knows when that router's peer was heard. Words: interface, router id.
 */
import { sameIp } from '../../../src/base/ip-address.ts';
import { openReceiver } from '../../../src/vrrp/advert-receiver.ts';
import { systemClock } from '../../../src/vrrp/clock.ts';
import { KernelNetwork } from '../../../src/vrrp/network.ts';
import type { Envelope } from '../../../src/vrrp/packet.ts';

const [name = '', routerId = ''] = process.argv.slice(2);
const network = new KernelNetwork();
const link = network.link(name);
if (link === undefined) throw new Error(`there is no ${name}`);

function heard(_: Buffer, { source }: Envelope): void {
  const isOwn = network.addresses().some(({ ip }) => sameIp(ip, source));
  if (!isOwn) console.log(JSON.stringify({ at: Date.now(), from: source.toString() }));
}

const receivers = ([4, 6] as const).map(family =>
  openReceiver(
    {
      family,
      device: { name: link.name, index: link.index },
      groups: [family === 4 ? '224.0.0.18' : 'ff02::12'],
      leastTtl: 0,
      versions: [2, 3],
      routerIds: [Number(routerId)],
    },
    {
      packet: heard,
      rest: () => {},
      broken: () => {},
      error: error => console.error(error.message),
    },
    systemClock,
  ),
);
// who does not hold a receiver loses it to the garbage collector
process.once('SIGTERM', () => {
  for (const receiver of receivers) receiver.close();
});
console.log('listening');
