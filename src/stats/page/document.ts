/** The page around the tables: its head with facts of the process and the ways to look at it, and its end. */
import { monotonicMs } from '../../base/clock.ts';
import type { StatsSettings } from '../../model/proxy.ts';
import { readableUptime, readNumbers } from '../info.ts';
import type { StatsView } from '../view.ts';
import { SCRIPT, STYLE } from './assets.ts';
import { escapeHtml, grouped, shortBytes } from './html.ts';
import { targetText, type PageTarget } from './target.ts';
import { vrrpPanel } from './vrrp-panel.ts';

export interface PageFacts {
  readonly view: StatsView;
  readonly stats: StatsSettings;
  readonly target: PageTarget;
  /** Seconds between two events of the page. */
  readonly liveSeconds: number;
}

export function pageStart(facts: PageFacts): string {
  const { view, stats } = facts;
  const node = stats.showNode === undefined ? '' : stats.showNode || view.process.node;
  const version = stats.hideVersion ? '' : ` version ${view.process.version}`;
  const title = `Statistics Report${node === '' ? '' : ` for ${escapeHtml(node)}`}`;
  const description = stats.showDesc === undefined ? '' : `<p class="desc">${escapeHtml(stats.showDesc)}</p>`;
  return (
    `<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>${title}</title>` +
    `<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">` +
    `<link rel="icon" href="data:,"><style>${STYLE}</style></head>\n` +
    `<body><a class="skip" href="#proxies">Skip to the tables</a>` +
    `<header class="top"><div class="title"><h1>${title}</h1><p class="pid">lb${version}, pid ${view.process.pid}</p>${description}</div>` +
    `<p id="live" class="live" role="status" hidden></p></header>\n` +
    `<main>${outcomeText(facts.target.outcome)}${processFacts(view)}${virtualAddresses(view)}${tools(facts)}${legend()}<div id="proxies">\n`
  );
}

function virtualAddresses({ vrrp }: StatsView): string {
  return vrrp === undefined ? '' : vrrpPanel(vrrp, Date.now());
}

export function pageEnd({ liveSeconds, stats, target }: PageFacts): string {
  const { scope, hideDown, hideMaintenance } = target;
  const events = escapeHtml(targetText(stats.uri, { scope, hideDown, hideMaintenance }, ';events'));
  const csv = escapeHtml(targetText(stats.uri, { scope: '' }, ';csv'));
  return (
    `</div></main><div id="settings" hidden data-events="${events}" data-csv="${csv}" data-seconds="${liveSeconds}"></div>` +
    `<script>${SCRIPT}</script></body></html>\n`
  );
}

const OUTCOME_TEXTS: Readonly<Record<string, string>> = {
  DONE: 'Action processed successfully.',
  NONE: 'Nothing has changed.',
  PART: 'Action partially processed: some server names are probably unknown or ambiguous.',
  ERRP: 'Action not processed: invalid backend, server or action.',
  EXCD: 'Action not processed: the request is too large. Choose fewer servers.',
  DENY: 'Action denied.',
  IVAL: 'Action not processed: method not supported.',
  UNKN: 'Unexpected result.',
};

function outcomeText(outcome: string | undefined): string {
  if (outcome === undefined) return '';
  const kind = outcome === 'DONE' ? 'good' : outcome === 'NONE' ? 'plain' : 'bad';
  return `<p class="outcome ${kind}" role="alert">${OUTCOME_TEXTS[outcome] ?? ''}</p>`;
}

/** Each with its name in events, so that it stays true. */
function processFacts(view: StatsView): string {
  const items = factsOf(view).map(
    ([id, title, text]) => `<div><dt>${title}</dt><dd id="${id}">${escapeHtml(text)}</dd></div>`,
  );
  return `<section aria-labelledby="process"><h2 id="process" class="small">General process information</h2><dl class="facts-list">${items.join('')}</dl></section>\n`;
}

export function factsOf(view: StatsView): (readonly [id: string, title: string, text: string])[] {
  const { process, state } = view;
  const numbers = readNumbers(view);
  return [
    ['p-uptime', 'Uptime', readableUptime(monotonicMs())],
    ['p-threads', 'Threads', String(state.plan.threads)],
    ['p-maxconn', 'maxconn', grouped(numbers.maxConnections)],
    ['p-maxsock', 'maxsock', grouped(process.maxFiles)],
    ['p-conns', 'current conns', grouped(numbers.connections)],
    ['p-connrate', 'conn rate', `${grouped(numbers.connectionRate)}/s`],
    ['p-reqs', 'requests', grouped(numbers.requests)],
    ['p-out', 'bytes out', shortBytes(numbers.bytesOut)],
    ['p-idle', 'idle', `${Math.round(process.idlePercent())} %`],
  ];
}

function tools({ stats, target }: PageFacts): string {
  const { uri } = stats;
  const link = (text: string, wishes: Partial<PageTarget>, word = ''): string =>
    `<li><a href="${escapeHtml(targetText(uri, { ...target, ...wishes }, word))}">${text}</a></li>`;
  const links = [
    link(target.hideDown ? 'Show all servers' : "Hide 'DOWN' servers", { hideDown: !target.hideDown }),
    link(target.hideMaintenance ? "Show 'MAINT' servers" : "Hide 'MAINT' servers", {
      hideMaintenance: !target.hideMaintenance,
    }),
    ...(stats.refreshMs > 0
      ? [link(target.noRefresh ? 'Enable refresh' : 'Disable refresh', { noRefresh: !target.noRefresh })]
      : []),
    link('Refresh now', {}),
    link('CSV export', {}, ';csv'),
    link('JSON export', {}, ';json'),
    link('JSON schema', { scope: '' }, ';json-schema'),
  ];
  return (
    `<nav aria-label="Display options"><form method="get" action="${escapeHtml(uri)}" class="scope">` +
    `<label for="scope">Scope</label><input id="scope" name="scope" value="${escapeHtml(target.scope)}" maxlength="20" size="12"><button>Show</button></form>` +
    `<ul>${links.join('')}</ul></nav>\n`
  );
}

/** The states, which with a script are also the filter. */
const STATES = [
  ['up', 'UP'],
  ['going', 'going up or down'],
  ['down', 'DOWN'],
  ['maint', 'MAINT'],
  ['drain', 'DRAIN, NOLB, paused'],
  ['nocheck', 'not checked'],
] as const;

function legend(): string {
  const states = STATES.map(
    ([state, text]) =>
      `<li data-state="${state}"><label><input type="checkbox" data-filter="${state}" checked hidden>` +
      `<span class="mark"></span>${text}</label></li>`,
  );
  return (
    `<div class="filters" role="search" aria-label="Filter"><div id="by-name" hidden><label for="filter">Filter by name</label>` +
    `<input id="filter" type="search" size="16" autocomplete="off" spellcheck="false"> <kbd>/</kbd></div>` +
    `<ul class="states" aria-label="States">${states.join('')}</ul><p id="count" role="status" hidden></p></div>\n`
  );
}
