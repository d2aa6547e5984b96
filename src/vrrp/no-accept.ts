/**
 * `no_accept` and `vrrp_strict`: a master that does not own the addresses forwards for them but takes no packets
 * itself (RFC 5798 6.1, Accept_Mode), and sends none from them. One nftables table holds sets of such addresses for as
 * long as we run; IPv6 neighbour discovery passes.
 */
import { spawnSync } from 'node:child_process';
import type { KeepalivedConfig, NftablesSettings } from '../model/keepalived.ts';
import { entriesOf } from './holdings.ts';
import type { Log } from './log.ts';
import { runNft } from './nft.ts';

interface RefusedAddress {
  readonly family: 4 | 6;
  readonly address: string;
}

/** The whole table anew; nft takes commands as arguments, in one transaction. */
export function renderNoAccept(
  { table, priority, counters }: NftablesSettings,
  addresses: readonly RefusedAddress[],
): string {
  const drop = counters ? 'counter drop' : 'drop';
  const set = (family: 4 | 6): string => {
    const members = [...new Set(addresses.filter(one => one.family === family).map(one => one.address))];
    const elements = members.length === 0 ? '' : ` elements = { ${members.join(', ')} };`;
    return `set v${family} { type ipv${family}_addr;${elements} }`;
  };
  const neighbours =
    'icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept';
  return [
    `add table inet ${table}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    set(4),
    set(6),
    'chain input {',
    `type filter hook input priority ${priority}; policy accept;`,
    `ip daddr @v4 ${drop}`,
    neighbours,
    `ip6 daddr @v6 ${drop}`,
    '}',
    'chain output {',
    `type filter hook output priority ${priority}; policy accept;`,
    `ip saddr @v4 ${drop}`,
    neighbours,
    `ip6 saddr @v6 ${drop}`,
    '}',
    '}',
  ].join('\n');
}

export class NoAccept {
  readonly #log: Log;
  #table: string | undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Asynchronous: it is done long before an instance can become master. */
  arrange(config: KeepalivedConfig): void {
    const refused = config.instances.filter(instance => !instance.accept).flatMap(entriesOf);
    if (refused.length === 0 && this.#table === undefined) return;
    const { nftables } = config.globalDefs;
    const { table } = nftables;
    if (this.#table !== undefined && this.#table !== table) this.remove();
    this.#table = table;
    void runNft(renderNoAccept(nftables, refused)).then(trouble => {
      if (trouble !== undefined) this.#log('error', `no_accept cannot be enforced: nft: ${trouble}`);
    });
  }

  /** Synchronously: the process may end. */
  remove(): void {
    if (this.#table === undefined) return;
    spawnSync('nft', [`delete table inet ${this.#table}`], { stdio: 'ignore', timeout: 5000 });
    this.#table = undefined;
  }
}
