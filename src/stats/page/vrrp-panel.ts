/** Virtual addresses on the statistics page: one row an instance. Called by document.ts. */
import type { InstanceSnapshot, VrrpSnapshot } from '../../model/vrrp-snapshot.ts';
import { escapeHtml, shortTime } from './html.ts';

const HEADS = [
  'Instance',
  'State',
  'Since',
  'Priority',
  'Addresses',
  'Interface',
  'Router id',
  'Master',
  'Reason',
];

export function vrrpPanel({ instances }: VrrpSnapshot, nowMs: number): string {
  if (instances.length === 0) return '';
  const heads = HEADS.map(head => `<th scope="col" class="text">${head}</th>`).join('');
  return (
    `<section class="vrrp" aria-labelledby="vrrp"><header><h2 id="vrrp">Virtual addresses</h2></header>` +
    `<div class="scroll" tabindex="0" role="region" aria-label="Virtual addresses: table"><table><thead><tr>${heads}</tr></thead><tbody>${instances.map(one => row(one, nowMs)).join('')}</tbody></table></div></section>\n`
  );
}

function row(one: InstanceSnapshot, nowMs: number): string {
  const cells = [
    one.state,
    shortTime(Math.max(0, Math.round((nowMs - one.lastTransition) / 1000))),
    one.effectivePriority === one.priority
      ? String(one.priority)
      : `${one.effectivePriority} (of ${one.priority})`,
    one.addresses.join(' '),
    one.interface,
    String(one.virtualRouterId),
    one.master?.address ?? '-',
    one.faults.length > 0 ? one.faults.join('; ') : one.reason,
  ];
  const name = `<th scope="row" class="name">${escapeHtml(one.name)}</th>`;
  return `<tr data-state="${STATE_CLASS[one.state]}">${name}${cells.map(cell => `<td class="text">${escapeHtml(cell)}</td>`).join('')}</tr>`;
}

const STATE_CLASS: Readonly<Record<InstanceSnapshot['state'], string>> = {
  INIT: 'nocheck',
  BACKUP: 'nocheck',
  MASTER: 'up',
  FAULT: 'down',
};
