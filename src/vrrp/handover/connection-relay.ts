/**
 * The side that takes over from a master which keeps its connections (kept-connections.ts): TCP packets of connections
 * that did not begin here go back to that master, by its MAC, before this host's TCP sees and resets them. The kernel
 * does it (nftables, netdev ingress); which connections are ours it learns from their first packet.
 *
 *   client ──▶ new master ── began here? ──▶ its TCP
 *     ▲              └───────── no ────────▶ old master ──▶ its TCP
 *     └────────────── answers, directly ────────────┘
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { execFile, spawnSync } from 'node:child_process';
import type { IpAddress } from '../../base/ip-address.ts';
import type { VrrpInstance } from '../../model/vrrp-instance.ts';
import type { Clock } from '../clock.ts';
import { runNft } from '../nft.ts';
import type { Log } from '../log.ts';
import type { Network } from '../network.ts';
import { ownConnections, type TcpConnection } from './own-connections.ts';
import { relayedAddresses } from './relayed-addresses.ts';

/** Nothing relayed for that long: the old master has finished. */
const LOOK_MS = 10_000;
const QUIET_LOOKS = 6;
const LONGEST_LOOKS = 60;
/** The old master's MAC is asked for when the kernel does not know it. */
const ASK_MS = 2;
const ASKS = 25;
const DISCARD_PORT = 9;
/** With so many nft takes a few milliseconds, which it may have before everything else. */
const FEW_CONNECTIONS = 1000;

interface RelayPlan {
  readonly table: string;
  readonly device: string;
  readonly addresses: readonly string[];
  readonly ownMac: string;
  readonly oldMac: string;
  /** Connections that this host still has from an earlier time as master. */
  readonly own: readonly TcpConnection[];
}

/** The whole table anew. A packet that the old master itself relayed is not sent back: two relays make no circle. */
function renderRelay({ table, device, addresses, ownMac, oldMac, own }: RelayPlan): string {
  const elements = own.map(
    one => `${one.clientAddress} . ${one.clientPort} . ${one.ownAddress} . ${one.ownPort}`,
  );
  const key = 'ip saddr . tcp sport . ip daddr . tcp dport';
  return [
    `add table netdev ${table}`,
    `delete table netdev ${table}`,
    `table netdev ${table} {`,
    'counter relayed { }',
    `set virtual { type ipv4_addr; elements = { ${addresses.join(', ')} }; }`,
    'set own {',
    'type ipv4_addr . inet_service . ipv4_addr . inet_service; size 4000000; flags dynamic;',
    elements.length === 0 ? '' : `elements = { ${elements.join(', ')} };`,
    '}',
    'chain ingress {',
    `type filter hook ingress device "${device}" priority -100; policy accept;`,
    `ip daddr @virtual tcp flags & (syn | ack) == syn add @own { ${key} } accept`,
    `ip daddr @virtual meta l4proto tcp ${key} @own accept`,
    `ip daddr @virtual meta l4proto tcp ether saddr != ${oldMac} counter name relayed ether saddr set ${ownMac} ether daddr set ${oldMac} fwd to "${device}"`,
    '}',
    '}',
  ].join('\n');
}

interface Running {
  /** The old master. */
  readonly source: string;
  readonly table: string;
  /** The kernel does not know of it yet. */
  preparing: boolean;
  /** Stops looking. */
  cancel: () => void;
}

interface ConnectionRelaysPorts {
  readonly clock: Clock;
  readonly network: Network;
  readonly log: Log;
}

export class ConnectionRelays {
  readonly #ports: ConnectionRelaysPorts;
  /** By instance. */
  readonly #running = new Map<string, Running>();
  /** Transactions of nft, one after the other. */
  #nft: Promise<unknown> = Promise.resolve();

  constructor(ports: ConnectionRelaysPorts) {
    this.#ports = ports;
  }

  /** The master at `from` keeps its connections when it gives up; we may be the next one. */
  async prepare(config: VrrpInstance, from: IpAddress): Promise<void> {
    const device = config.interface ?? '';
    const link = this.#ports.network.link(device);
    const addresses = relayedAddresses(config).map(entry => entry.address);
    if (link === undefined || addresses.length === 0) return;
    const source = from.toString();
    const before = this.#running.get(config.name);
    if (before?.source === source) return;
    const table = `lb_relay_${config.virtualRouterId}_${link.index}`;
    // the new table takes the place of the one before
    if (before?.table === table) before.cancel();
    else this.stop(config.name);
    const running: Running = { source, table, preparing: true, cancel: () => {} };
    this.#running.set(config.name, running);
    const oldMac = await this.#macOf(source, device);
    if (this.#running.get(config.name) !== running) return;
    if (oldMac === undefined) {
      this.#running.delete(config.name);
      return;
    }
    const ownMac = macText(link.mac);
    const own = ownConnections(addresses);
    const ruleset = renderRelay({ table, device, addresses, ownMac, oldMac, own });
    const trouble = await this.#run(ruleset, own.length <= FEW_CONNECTIONS);
    running.preparing = false;
    if (trouble !== undefined)
      this.#ports.log('info', `(${config.name}) connections of ${source} end: nft: ${trouble}`);
    this.#look(config.name, running, { packets: -1, quiet: 0, looks: 0 });
  }

  isPreparing(name: string): boolean {
    return this.#running.get(name)?.preparing === true;
  }

  stop(name: string): void {
    const running = this.#running.get(name);
    if (running === undefined) return;
    running.cancel();
    this.#running.delete(name);
    void this.#run(`delete table netdev ${running.table}`);
  }

  /** Synchronously: the process ends. */
  end(): void {
    for (const { table, cancel } of this.#running.values()) {
      cancel();
      spawnSync('nft', [`delete table netdev ${table}`], { stdio: 'ignore', timeout: 5000 });
    }
    this.#running.clear();
  }

  #run(commands: string, urgent = false): Promise<string | undefined> {
    const result = this.#nft.then(() => runNft(commands, urgent));
    this.#nft = result;
    return result;
  }

  async #macOf(address: string, device: string): Promise<string | undefined> {
    for (let ask = 0; ask < ASKS; ask++) {
      const mac = neighbourMac(readArpTable(), address, device);
      if (mac !== undefined) return mac;
      if (ask === 0) pokeNeighbour(address);
      await new Promise<void>(resolve => this.#ports.clock.after(ASK_MS, resolve));
    }
    return undefined;
  }

  #look(
    name: string,
    running: Running,
    seen: { readonly packets: number; readonly quiet: number; readonly looks: number },
  ): void {
    if (this.#running.get(name) !== running) return;
    if (seen.quiet >= QUIET_LOOKS || seen.looks >= LONGEST_LOOKS) {
      this.stop(name);
      return;
    }
    running.cancel = this.#ports.clock.after(LOOK_MS, () => {
      void relayedPackets(running.table).then(packets => {
        const quiet = packets === seen.packets ? seen.quiet + 1 : 0;
        this.#look(name, running, { packets, quiet, looks: seen.looks + 1 });
      });
    });
  }
}

/** Without waiting: adverts must not be late for it. */
function relayedPackets(table: string): Promise<number> {
  return new Promise(resolve => {
    execFile('nft', ['list', 'counter', 'netdev', table, 'relayed'], (_, stdout) =>
      resolve(Number(/packets (\d+)/.exec(stdout)?.[1] ?? 0)),
    );
  });
}

function readArpTable(): string {
  try {
    return readFileSync('/proc/net/arp', 'latin1');
  } catch {
    return '';
  }
}

/** Columns: address, type, flags (2: complete), MAC, mask, device. */
export function neighbourMac(arpTable: string, address: string, device: string): string | undefined {
  for (const line of arpTable.split('\n')) {
    const [ip, , flags, mac, , name] = line.trim().split(/\s+/);
    if (ip === address && name === device && (Number(flags) & 2) !== 0) return mac;
  }
  return undefined;
}

/** Any packet makes the kernel ask for the MAC. */
function pokeNeighbour(address: string): void {
  const socket = createSocket('udp4');
  socket.once('error', () => undefined);
  socket.send('', DISCARD_PORT, address, () => socket.close());
}

function macText(mac: Buffer): string {
  return [...mac].map(byte => byte.toString(16).padStart(2, '0')).join(':');
}
