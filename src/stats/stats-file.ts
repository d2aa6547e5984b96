/**
 * `stats-file` and `dump stats-file` (management manual, section 9.4): counters as text, so that a new process can
 * go on where an old one ended. Objects are known by their `guid`; those without one are left out.
 *
 *   #fe guid,stot,bin,...      then frontends and listeners
 *   #be guid,stot,bin,...      then backends and servers
 */
import { COUNTER_FIELDS, FIELD, type FieldName, type Merge } from '../state/counter-fields.ts';
import type { Bind } from '../model/bind.ts';
import type { Proxy } from '../model/proxy.ts';
import type { StatColumn } from './column.ts';
import type { Side } from './counter-image.ts';
import { FIXED_COLUMNS } from './columns.ts';
import { statSubjects } from './rows.ts';
import type { Subject, SubjectKind } from './subject.ts';
import type { StatsView } from './view.ts';

/** Totals, and events of the last second. */
const KEPT: ReadonlyMap<string, Merge> = new Map(
  COUNTER_FIELDS.filter(({ merge }) => merge === 'sum' || merge === 'rate').map(({ name, merge }) => [
    name,
    merge,
  ]),
);

const KINDS: Readonly<Record<Side, readonly SubjectKind[]>> = {
  fe: ['frontend', 'listener'],
  be: ['backend', 'server'],
};

function isKept(name: string): name is FieldName {
  return KEPT.has(name);
}

function columnsOf(side: Side): readonly StatColumn[] {
  return FIXED_COLUMNS.filter(
    ({ name, cells }) => isKept(name) && KINDS[side].some(kind => cells[kind] !== undefined),
  );
}

export function renderStatsFile(view: StatsView): string {
  return `${renderSide(view, 'fe')}\n${renderSide(view, 'be')}`;
}

function renderSide(view: StatsView, side: Side): string {
  const columns = columnsOf(side);
  let text = `#${side} guid,${columns.map(({ name }) => `${name},`).join('')}\n`;
  for (const subject of statSubjects(view, {})) {
    const guid = guidOf(subject);
    if (guid === undefined || !KINDS[side].includes(subject.kind)) continue;
    const { counters } = view.state;
    const values = columns.map(({ name }) => `${counters.read(subject.row, name as FieldName, view.now())},`);
    text += `${guid},${values.join('')}\n`;
  }
  return text;
}

/** Adds what the file says to the counters. Lines that make no sense, or name nothing known, are passed over. */
export function loadStatsFile(text: string, view: StatsView): void {
  const rows = rowsByGuid(view);
  let side: Side | undefined;
  let fields: readonly (FieldName | undefined)[] = [];
  for (const line of text.split('\n').map(one => one.trim())) {
    if (line.startsWith('#')) {
      side = sideOf(line);
      fields = side === undefined ? [] : fieldsOf(line, side);
    } else if (side !== undefined && line !== '' && !line.startsWith('//'))
      loadLine(line, side, fields, rows, view);
  }
}

function sideOf(header: string): Side | undefined {
  const side = /^#(fe|be) guid,.*,$/.exec(header)?.[1];
  return side === 'fe' || side === 'be' ? side : undefined;
}

function fieldsOf(header: string, side: Side): (FieldName | undefined)[] {
  const known = new Set(columnsOf(side).map(({ name }) => name));
  const names = header.slice(header.indexOf(',') + 1, -1).split(',');
  return names.map(name => (known.has(name) && isKept(name) ? name : undefined));
}

function loadLine(
  line: string,
  side: Side,
  fields: readonly (FieldName | undefined)[],
  rows: ReadonlyMap<string, number>,
  view: StatsView,
): void {
  const [guid = '', ...values] = line.split(',');
  const row = rows.get(`${side} ${guid}`);
  if (row === undefined) return;
  for (const [index, field] of fields.entries()) {
    const value = values[index] ?? '';
    if (field !== undefined && /^\d+$/.test(value)) resume(view, row, field, Number(value));
  }
}

function resume(view: StatsView, row: number, field: FieldName, value: number): void {
  const { counters } = view.state;
  if (KEPT.get(field) === 'rate') counters.resumeRate(row, FIELD[field], value, view.now());
  else counters.own[row + FIELD[field]] = value;
}

function rowsByGuid(view: StatsView): Map<string, number> {
  return new Map(objectsWithGuid(view).map(({ side, guid, row }) => [`${side} ${guid}`, row]));
}

export interface ObjectWithGuid {
  readonly side: Side;
  readonly guid: string;
  /** Of its counters. */
  readonly row: number;
}

export function objectsWithGuid(view: StatsView): ObjectWithGuid[] {
  const objects: ObjectWithGuid[] = [];
  for (const subject of statSubjects(view, {})) {
    const guid = guidOf(subject);
    const side = KINDS.fe.includes(subject.kind) ? 'fe' : 'be';
    if (guid !== undefined) objects.push({ side, guid, row: subject.row });
  }
  return objects;
}

function guidOf(subject: Subject): string | undefined {
  switch (subject.kind) {
    case 'frontend':
    case 'backend':
      return subject.proxy.guid;
    case 'server':
      return subject.server.config.guid;
    case 'listener':
      return listenerGuid(subject.proxy, subject.bind);
  }
}

/** `guid-prefix`: numbered among the listeners that have the same. */
function listenerGuid({ binds }: Proxy, bind: Bind): string | undefined {
  const prefix = prefixOf(bind);
  if (prefix === undefined) return undefined;
  return `${prefix}-${binds.filter(other => prefixOf(other) === prefix).indexOf(bind)}`;
}

function prefixOf({ otherOptions }: Bind): string | undefined {
  return otherOptions.get('guid-prefix')?.[0];
}
