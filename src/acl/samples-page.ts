/** docs/samples.md from the tables that drive compilation: scripts/samples-doc.mjs writes it, a test keeps it current. */
import { ACL_KEYWORDS, PREDEFINED_ACLS } from './acl-keywords.ts';
import { renderSpecs } from './arguments.ts';
import { converterNames, converterRow, fetchNames, fetchRow } from './catalog.ts';
import { ALIASES } from './log-format/aliases.ts';
import { PHASES, phasesOf } from './phase.ts';
import type { ConverterRow, FetchRow } from './row.ts';

const HEAD = `# Samples

Written by \`scripts/samples-doc.mjs\` from the tables that compile configurations. Types: bool, int (64 bits, signed), addr (ipv4 or
ipv6), str, bin, meth, any (told at run time). Everything is cast as HAProxy casts it.
`;

const cell = (text: string): string => text.replaceAll('|', '\\|');
const code = (text: string): string => (text === '' ? '' : `\`${cell(text)}\``);

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Where it may stand: the groups of phases that rulesets share. */
function whereOf(row: FetchRow): string {
  const bits = phasesOf(row.sources);
  const has = (part: string): boolean =>
    PHASES.some((phase, index) => phase.includes(part) && (bits & (1 << index)) !== 0);
  const places: readonly (readonly [string, string])[] = [
    ['tcp-request connection', 'connection'],
    ['tcp-request session', 'session'],
    ['tcp-request content', 'tcp content'],
    ['http-request header', 'request'],
    ['use-server', 'server choice'],
    ['http-response header', 'response'],
    ['logs', 'log'],
    ['tcp-check', 'check'],
  ];
  const held = places.filter(([part]) => has(part)).map(([, label]) => label);
  return held.length === places.length ? 'everywhere' : held.join(', ');
}

function fetchCells(row: FetchRow): string[] {
  const meaning = row.alias === undefined ? row.summary : `same as \`${row.alias}\``;
  return [code(row.name + renderSpecs(row.args ?? [])), row.out, whereOf(row), cell(meaning)];
}

function converterCells(row: ConverterRow): string[] {
  return [code(row.name + renderSpecs(row.args ?? [])), row.in, row.out, cell(row.summary)];
}

/** Rows by name. */
export function allFetches(): FetchRow[] {
  return [...fetchNames()].sort().map(name => fetchRow(name) as FetchRow);
}

export function allConverters(): ConverterRow[] {
  return [...converterNames()].sort().map(name => converterRow(name) as ConverterRow);
}

export function renderSamplesPage(): string {
  const sections = [
    HEAD,
    '## Fetches\n',
    table(['Fetch', 'Type', 'Where', 'Meaning'], allFetches().map(fetchCells)),
    '\n## Converters\n',
    table(['Converter', 'From', 'To', 'Meaning'], allConverters().map(converterCells)),
    '\n## Words of ACLs only\n',
    table(
      ['Word', 'Stands for'],
      ACL_KEYWORDS.map(({ name, fetch, method }) => [code(name), code(`${fetch} -m ${methodWord(method)}`)]),
    ),
    '\n## Predefined ACLs\n',
    table(
      ['Name', 'Stands for'],
      Object.entries(PREDEFINED_ACLS).map(([name, words]) => [code(name), code(words.join(' '))]),
    ),
    '\n## Log-format aliases\n',
    table(
      ['Alias', 'Restriction', 'Meaning'],
      ALIASES.map(({ name, restriction, summary }) => [code(`%${name}`), restriction, cell(summary)]),
    ),
  ];
  return `${sections.join('\n')}\n`;
}

function methodWord(method: string): string {
  if (method === 'dotted') return 'int';
  return method === 'group' || method === 'meth' ? 'str' : method;
}
