/**
 * The text Prometheus reads (format 0.0.4), in pieces of a few lines each, so that a scrape of thousands of servers
 * delays nobody.
 */
import { INFO_FIELDS } from '../info.ts';
import { statSubjects } from '../rows.ts';
import { isInMaintenance } from '../server-status.ts';
import { TYPE_CODES, type Subject, type SubjectKind } from '../subject.ts';
import { asText } from '../value.ts';
import type { StatsView } from '../view.ts';
import { extraFamiliesOf, familiesOf, type Family } from './families.ts';
import { tableMetrics } from './module-metrics.ts';
import { INFO_COUNTERS, INFO_METRICS } from './names.ts';
import type { ScrapeQuery } from './query.ts';
import { header, label } from './text-format.ts';
import { renderVrrpMetrics } from './vrrp-metrics.ts';

const LINES_IN_PIECE = 250;
const KINDS: readonly SubjectKind[] = ['frontend', 'listener', 'backend', 'server'];

const FAMILIES: Readonly<Record<SubjectKind, readonly Family[]>> = byKind(familiesOf);
const EXTRA_FAMILIES: Readonly<Record<SubjectKind, readonly Family[]>> = byKind(extraFamiliesOf);

function byKind(families: (kind: SubjectKind) => Family[]): Record<SubjectKind, Family[]> {
  return {
    frontend: families('frontend'),
    listener: families('listener'),
    backend: families('backend'),
    server: families('server'),
  };
}

export function* expositionPieces(view: StatsView, query: ScrapeQuery): Generator<string, void, void> {
  if (query.scopes.has('global')) {
    const text = processMetrics(view, query);
    if (text !== '') yield text;
    if (view.vrrp !== undefined) yield renderVrrpMetrics(view.vrrp, query.wants);
  }
  for (const kind of KINDS) {
    if (!query.scopes.has(kind)) continue;
    const objects = objectsOf(view, kind, query);
    const families = query.extraCounters ? [...FAMILIES[kind], ...EXTRA_FAMILIES[kind]] : FAMILIES[kind];
    for (const family of families) if (query.wants(family.name)) yield* familyPieces(family, objects);
  }
  const tables = query.scopes.has('sticktable') ? tableMetrics(view, query.wants) : '';
  if (tables !== '') yield tables;
}

interface LabelledObject {
  readonly subject: Subject;
  readonly labels: string;
}

function objectsOf(view: StatsView, kind: SubjectKind, query: ScrapeQuery): LabelledObject[] {
  const filter = { types: 1 << TYPE_CODES[kind] };
  const objects: LabelledObject[] = [];
  for (const subject of statSubjects(view, filter)) {
    if (query.noMaintenance && subject.kind === 'server' && isInMaintenance(view, subject.server)) continue;
    objects.push({ subject, labels: labelsOf(subject, query) });
  }
  return objects;
}

function labelsOf({ kind, proxy, name }: Subject, { descriptionLabels }: ScrapeQuery): string {
  const labels = [label('proxy', proxy.name)];
  if (descriptionLabels && proxy.description !== undefined) labels.push(label('desc', proxy.description));
  if (kind === 'server' || kind === 'listener') labels.push(label(kind, name));
  return labels.join(',');
}

function* familyPieces(family: Family, objects: readonly LabelledObject[]): Generator<string, void, void> {
  let piece = '';
  let lines = 0;
  for (const { subject, labels } of objects) {
    for (const [more, value] of family.samples(subject)) {
      if (lines++ === 0) piece = header(family);
      piece += `${family.name}{${labels}${more === '' ? '' : `,${more}`}} ${value}\n`;
    }
    if (piece === '' || lines % LINES_IN_PIECE !== 0) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

/** Texts are labels of a 1. */
const TEXT_LABELS: Readonly<Record<string, string>> = {
  node: 'node',
  description: 'desc',
  'Build info': 'version',
};

function processMetrics(view: StatsView, query: ScrapeQuery): string {
  const { description } = view.config.global;
  const own = query.descriptionLabels && description !== undefined ? [label('desc', description)] : [];
  let text = '';
  for (const field of INFO_FIELDS) {
    const short = INFO_METRICS[field.name];
    const name = `haproxy_process_${short}`;
    const value = field.read(view, false);
    if (short === undefined || value === undefined || !query.wants(name)) continue;
    const textLabel = TEXT_LABELS[field.name];
    const labels = textLabel === undefined ? own : [label(textLabel, String(value))];
    const number = textLabel === undefined ? asText(value, field.type) : '1';
    const isCounter = field.tags[1] === 'C' || INFO_COUNTERS.has(field.name);
    text += header({ name, help: field.description, type: isCounter ? 'counter' : 'gauge' });
    text += `${name}${labels.length === 0 ? '' : `{${labels.join(',')}}`} ${number}\n`;
  }
  return text;
}
