/** The part of the page about one proxy: its head, its table, and the form to act on its servers. */
import type { Proxy } from '../../model/proxy.ts';
import { columnNamed } from '../columns.ts';
import { valueOf } from '../column.ts';
import { addressText } from '../columns-connections.ts';
import { MODULE_COLUMNS } from '../columns-modules.ts';
import type { Subject } from '../subject.ts';
import { SERVER_ACTIONS } from './action-form.ts';
import { COLUMN_GROUPS, PAGE_COLUMNS, rowName, stateClass } from './cells.ts';
import { elementName, escapeHtml, grouped } from './html.ts';

export interface TableOptions {
  readonly legends: boolean;
  readonly modules: boolean;
  /** Servers can be chosen and acted on. */
  readonly admin: boolean;
}

export function tableStart(proxy: Proxy, options: TableOptions): string {
  const name = escapeHtml(proxy.name);
  const id = elementName(proxy.name);
  const canAct = options.admin && hasServers(proxy);
  const legend = options.legends
    ? `<span class="facts">cap: ${capOf(proxy)}, mode: ${proxy.mode}, id: ${proxy.id}</span>`
    : '';
  const description = proxy.description === undefined ? '' : `<p>${escapeHtml(proxy.description)}</p>`;
  return (
    `<section class="proxy" id="${id}" aria-labelledby="${id}.h" data-name="${name}">` +
    `<header><h2 id="${id}.h"><a href="#${id}">${name}</a></h2>` +
    `<span class="kind">${proxy.kind}, ${proxy.mode}</span>${legend}${description}<div class="charts" hidden></div></header>` +
    (canAct ? `<form method="post">` : '') +
    `<div class="scroll" tabindex="0" role="region" aria-label="${name}: table">` +
    `<table><caption>${name}</caption>${tableHead(options, canAct)}<tbody>\n`
  );
}

function hasServers(proxy: Proxy): boolean {
  return proxy.kind !== 'frontend' && proxy.servers.length > 0;
}

function capOf(proxy: Proxy): string {
  if (proxy.kind === 'listen') return 'FE+BE';
  return proxy.kind === 'frontend' ? 'FE' : 'BE';
}

function tableHead({ modules }: TableOptions, canAct: boolean): string {
  const choose = canAct
    ? '<td rowspan="2" class="choose"><input type="checkbox" data-all aria-label="All servers" hidden></td>'
    : '';
  const groups = COLUMN_GROUPS.map(
    ({ title, columns }) => `<th scope="colgroup" colspan="${columns.length}">${title}</th>`,
  ).join('');
  const titles = PAGE_COLUMNS.map(
    ({ title, hint, isText }) =>
      `<th scope="col" title="${escapeHtml(hint)}"${isText ? ' class="text"' : ''}>${title}</th>`,
  ).join('');
  const extra = modules ? '<th rowspan="2" scope="col">Extra modules</th>' : '';
  const name = '<th rowspan="2" scope="col" class="name">Name</th>';
  const chart = '<th rowspan="2" scope="col" class="spark" hidden>Last minutes</th>';
  return `<thead><tr>${choose}${name}${chart}${groups}${extra}</tr><tr>${titles}</tr></thead>`;
}

export function tableRow(subject: Subject, options: TableOptions): string {
  const { kind } = subject;
  const id = rowName(subject);
  const canAct = options.admin && hasServers(subject.proxy);
  const choose = canAct ? `<td class="choose">${kind === 'server' ? checkbox(subject) : ''}</td>` : '';
  const cells = PAGE_COLUMNS.map(
    ({ text, isText }) => `<td${isText ? ' class="text"' : ''}>${escapeHtml(text(subject))}</td>`,
  ).join('');
  const extra = options.modules ? `<td class="text">${moduleText(subject)}</td>` : '';
  return (
    `<tr id="${id}" class="${kind}" data-state="${stateClass(subject)}">${choose}` +
    `<th scope="row" class="name" title="${escapeHtml(hintOf(subject))}">${nameOf(subject, options)}</th>` +
    `<td class="spark" hidden></td>${cells}${extra}</tr>\n`
  );
}

function checkbox({ name }: Subject): string {
  const text = escapeHtml(name);
  return `<input type="checkbox" name="s" value="${text}" aria-label="Choose ${text}">`;
}

const TITLES = { frontend: 'Frontend', backend: 'Backend', server: '', listener: '' } as const;

function nameOf(subject: Subject, { legends }: TableOptions): string {
  const name = TITLES[subject.kind] === '' ? subject.name : TITLES[subject.kind];
  const address = legends ? addressOf(subject) : '';
  return `<span>${escapeHtml(name)}</span>${address === '' ? '' : ` <small>${escapeHtml(address)}</small>`}`;
}

const ADDRESS = columnNamed('addr');

function addressOf(subject: Subject): string {
  if (subject.kind === 'listener') return addressText(subject.bind.address);
  const value = subject.kind === 'server' && ADDRESS !== undefined ? valueOf(ADDRESS, subject) : undefined;
  return value === undefined ? '' : String(value);
}

const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'];

/** Answers by class, hits of caches and mean times: what people look for behind the total. */
function hintOf(subject: Subject): string {
  const value = (name: string): number | undefined => {
    const column = columnNamed(name);
    const read = column && valueOf(column, subject);
    return typeof read === 'number' ? read : undefined;
  };
  const parts: string[] = [];
  const requests = value('req_tot');
  if (requests !== undefined) {
    const classes = CLASSES.map(name => `${name} ${grouped(value(`hrsp_${name}`) ?? 0)}`).join(', ');
    parts.push(`${grouped(requests)} requests: ${classes}`);
  }
  const lookups = value('cache_lookups') ?? 0;
  if (lookups > 0) {
    const hits = value('cache_hits') ?? 0;
    parts.push(
      `cache: ${grouped(lookups)} lookups, ${grouped(hits)} hits (${Math.floor((100 * hits) / lookups)}%)`,
    );
  }
  const times = ['qtime', 'ctime', 'rtime', 'ttime'].map(value);
  if (times[0] !== undefined)
    parts.push(
      `mean times: queue ${times[0]}, connect ${times[1]}, response ${times[2]}, total ${times[3]} ms`,
    );
  return parts.join('; ');
}

function moduleText(subject: Subject): string {
  return MODULE_COLUMNS.flatMap(column => {
    const value = valueOf(column, subject);
    return value === undefined || value === 0 ? [] : [`${column.name}: ${value}`];
  }).join(', ');
}

export function tableEnd(proxy: Proxy, { admin }: TableOptions): string {
  const form = admin && hasServers(proxy) ? actionForm(proxy) : '';
  return `</tbody></table></div>${form}</section>\n`;
}

function actionForm({ id, name }: Proxy): string {
  const options = SERVER_ACTIONS.map(([word, text]) => `<option value="${word}">${text}</option>`).join('');
  const label = `action.${id}`;
  return (
    `<div class="act"><label for="${label}">Choose the action to perform on the checked servers of ${escapeHtml(name)}:</label> ` +
    `<select name="action" id="${label}"><option value=""></option>${options}</select> ` +
    `<input type="hidden" name="b" value="#${id}"><button type="submit">Apply</button></div></form>`
  );
}
