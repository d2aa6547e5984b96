/**
 * What a virtual MAC interface must not say: its reports of groups (IGMP, MLD) and its questions for routers would teach
 * switches that the MAC lives here, on a backup too. Reports leave by the interface below instead, with its own MAC
 * (keepalived.conf(5), nftables). Called by vmac-interfaces.ts.
 */
import { spawnSync } from 'node:child_process';
import type { Log } from './log.ts';
import type { Vmac } from './vmac.ts';

type Place = Pick<Vmac, 'name' | 'base'>;

const FAMILIES = ['ip', 'ip6'] as const;

export class VmacReports {
  readonly #log: Log;
  #table = '';
  /** The rules that are in the kernel. */
  #rules = '';

  constructor(log: Log) {
    this.#log = log;
  }

  /** Synchronously, before the interfaces are up. */
  arrange(table: string, vmacs: readonly Place[]): void {
    const rules = renderReports(table, vmacs);
    if (rules === this.#rules) return;
    if (table !== this.#table || vmacs.length === 0) this.remove();
    if (vmacs.length === 0) return;
    this.#table = table;
    this.#rules = rules;
    // not every kernel can send a copy elsewhere
    const trouble = nft(rules) === '' ? '' : nft(renderReports(table, vmacs, false));
    if (trouble !== '')
      this.#log('warning', `use_vmac: reports of groups show the virtual MAC: nft: ${trouble}`);
  }

  remove(): void {
    if (this.#rules !== '') for (const family of FAMILIES) nft(`delete table ${family} ${this.#table}`);
    this.#rules = '';
  }
}

/** Both tables anew, in one transaction. */
export function renderReports(table: string, vmacs: readonly Place[], moved = true): string {
  const chain = (family: (typeof FAMILIES)[number]): string[] => [
    `add table ${family} ${table}`,
    `delete table ${family} ${table}`,
    `table ${family} ${table} {`,
    'chain output {',
    'type filter hook output priority -1; policy accept;',
    ...vmacs.flatMap(vmac => rulesOf(family, vmac, moved)),
    '}',
    '}',
  ];
  return FAMILIES.flatMap(chain).join('\n');
}

function rulesOf(family: 'ip' | 'ip6', { name, base }: Place, moved: boolean): string[] {
  const from = `oifname "${name}"`;
  const move = moved ? `dup to ${family} daddr device "${base}" ` : '';
  if (family === 'ip') return [`${from} ip protocol igmp counter ${move}drop`];
  return [
    `${from} icmpv6 type { mld-listener-report, mld-listener-done, mld2-listener-report } counter ${move}drop`,
    `${from} icmpv6 type nd-router-solicit counter drop`,
  ];
}

/** The complaint, or an empty text. */
function nft(commands: string): string {
  const { status, stderr, error } = spawnSync('nft', [commands], { encoding: 'utf8', timeout: 5000 });
  if (error !== undefined) return error.message;
  return status === 0 ? '' : (stderr.trim().split('\n')[0] ?? `nft ended with ${status}`);
}
