/**
 * A network for forwarded services: a client, a director `d` (10.9.0.1, fd09::1) with a virtual address, and servers `s1`,
 * `s2`, `s3` beside it that answer with their names at port 8000, by TCP and UDP. Their way back to the client is the
 * director; or, for direct routing, they have the virtual address, too, and are silent about it.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Lab } from './network-lab.ts';

export const VIP = '10.9.0.100';
export const VIP6 = 'fd09::100';
const CLIENT = '10.9.0.9/32';
const CLIENT6 = 'fd09::9/128';
const SERVERS = ['s1', 's2', 's3'];
const SUPPORT = new URL('.', import.meta.url).pathname;

export class ForwardingLab {
  readonly lab: Lab;

  private constructor(lab: Lab) {
    this.lab = lab;
  }

  static async create(t: TestContext): Promise<ForwardingLab> {
    const lab = Lab.create(t, ['d', ...SERVERS]);
    addVirtual(lab);
    lab.in('d', 'sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1');
    lab.in('d', 'sysctl -q -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0');
    for (const server of SERVERS) {
      lab.in(server, `ip route add ${CLIENT} via 10.9.0.1`);
      lab.in(server, `ip route add ${CLIENT6} via fd09::1`);
      await lab.responder(server);
      await answerDatagrams(lab, server);
    }
    return new ForwardingLab(lab);
  }

  /** `serve` starts what answers by TCP. */
  static async direct(
    t: TestContext,
    serve = (lab: Lab, server: string): Promise<unknown> => lab.responder(server),
  ): Promise<ForwardingLab> {
    const lab = Lab.create(t, ['d', ...SERVERS]);
    addVirtual(lab);
    for (const server of SERVERS) {
      lab.in(server, 'sysctl -q -w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2');
      lab.in(server, `ip addr add ${VIP}/32 dev lo`);
      lab.in(server, `ip addr add ${VIP6}/128 dev lo nodad`);
      await serve(lab, server);
      await answerDatagrams(lab, server, VIP);
    }
    return new ForwardingLab(lab);
  }

  /** nft upon the director: one transaction a line, or all of them in one. */
  nft(text: string, mode: 'lines' | 'one' = 'one'): void {
    const words = ['netns', 'exec', `${this.lab.prefix}d`, 'nft', ...(mode === 'one' ? ['-f', '-'] : ['-i'])];
    execFileSync('ip', words, { input: text, stdio: ['pipe', 'ignore', 'pipe'] });
  }

  /** Who answered how often. Datagrams are sent from a port of one's own where that is said. */
  async ask(
    protocol: 'tcp' | 'udp',
    address: string,
    times: number,
    port = 80,
    from = 0,
  ): Promise<Record<string, number>> {
    const numbers = [port, times, from].map(String);
    const words = [join(SUPPORT, 'answer-counter.js'), protocol, address, ...numbers];
    const line = await this.lab.start('client', process.execPath, words).line(/^\{/);
    return JSON.parse(line) as Record<string, number>;
  }
}

/** As VRRP adds them: the one of IPv6 is not what this host speaks from. */
function addVirtual(lab: Lab): void {
  lab.in('d', `ip addr add ${VIP}/32 dev eth0`);
  lab.in('d', `ip addr add ${VIP6}/128 dev eth0 nodad preferred_lft 0`);
}

/** From the address it was asked at, where that is said. */
async function answerDatagrams(lab: Lab, server: string, address = '::'): Promise<void> {
  const words = [join(SUPPORT, 'datagram-responder.js'), server, '8000', address];
  await lab.start(server, process.execPath, words).line(/listening/);
}
