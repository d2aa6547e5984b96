/**
 * `no_accept` and `vrrp_strict`: a master that does not own the addresses forwards for them but takes no packets
 * itself (RFC 5798 6.1, Accept_Mode). One nftables table holds sets of such addresses for as long as we run; IPv6
 * neighbour discovery passes.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { Log } from './log.ts';

export interface RefusedAddress {
  readonly family: 4 | 6;
  readonly address: string;
}

/** The whole table anew; nft takes commands as arguments, in one transaction. */
export function renderNoAccept(table: string, addresses: readonly RefusedAddress[]): string {
  const set = (family: 4 | 6): string => {
    const members = [...new Set(addresses.filter(one => one.family === family).map(one => one.address))];
    const elements = members.length === 0 ? '' : ` elements = { ${members.join(', ')} };`;
    return `set v${family} { type ipv${family}_addr;${elements} }`;
  };
  return [
    `add table inet ${table}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    set(4),
    set(6),
    'chain input {',
    'type filter hook input priority -1; policy accept;',
    'ip daddr @v4 drop',
    'icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept',
    'ip6 daddr @v6 drop',
    '}',
    '}',
  ].join('\n');
}

/** Asynchronous: it is done long before an instance can become master. */
export function applyNoAccept(table: string, addresses: readonly RefusedAddress[], log: Log): void {
  const child = spawn('nft', [renderNoAccept(table, addresses)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  child.once('error', error => log('error', `no_accept cannot be enforced: nft: ${error.message}`));
  child.once('close', code => {
    if (code !== 0 && errors !== '')
      log('error', `no_accept cannot be enforced: ${errors.trim().split('\n')[0] ?? ''}`);
  });
}

export function removeNoAccept(table: string): void {
  spawnSync('nft', [`delete table inet ${table}`], { stdio: 'ignore', timeout: 5000 });
}
