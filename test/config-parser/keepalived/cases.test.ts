/**
 * Golden cases of keepalived.conf: test/cases/keepalived/*.case. A case is a title, then parts that start with a line
 * `--- NAME`: files (the first is the configuration), `id X` (the -i option), `says` (diagnostics, exact),
 * `means` (lines `path = JSON` of the model), `exit N` (of --config-test).
 */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { ignoredKeyword } from '../../../src/config-parser/keepalived/ignored-keywords.ts';
import { AUTHENTICATION } from '../../../src/config-parser/keepalived/authentication.ts';
import { VRRP_INSTANCE } from '../../../src/config-parser/keepalived/vrrp-instance.ts';
import { BFD_INSTANCE } from '../../../src/config-parser/keepalived/bfd-instance.ts';
import { CHECKER_TABLES } from '../../../src/config-parser/keepalived/checkers/checker.ts';
import { GLOBAL_DEFS } from '../../../src/config-parser/keepalived/global-defs.ts';
import { parseKeepalived } from '../../../src/config-parser/keepalived/parse.ts';
import { EXIT_CODE } from '../../../src/config-parser/keepalived/report.ts';
import type { ConfigSource } from '../../../src/config-parser/keepalived/source.ts';
import { VRRP_SYNC_GROUP } from '../../../src/config-parser/keepalived/sync-group.ts';
import { SSL, TOP } from '../../../src/config-parser/keepalived/top.ts';
import {
  GARP_GROUP,
  TRACK_FILE,
  VRRP_SCRIPT,
  VRRP_TRACK_PROCESS,
} from '../../../src/config-parser/keepalived/trackables.ts';
import { REAL_SERVER } from '../../../src/config-parser/keepalived/real-server.ts';
import { VIRTUAL_SERVER } from '../../../src/config-parser/keepalived/virtual-server.ts';

interface Case {
  readonly title: string;
  readonly files: ReadonlyMap<string, string>;
  readonly main: string;
  readonly id: string;
  readonly says?: readonly string[];
  readonly means: readonly string[];
  readonly exit?: number;
}

const FOLDER = 'test/cases/keepalived';

function readCase(text: string): Case {
  const [title = '', ...parts] = text.split(/^--- /m);
  const files = new Map<string, string>();
  let read: Omit<Case, 'files' | 'title'> = { main: '', id: 'testhost', means: [] };
  for (const part of parts) {
    const end = part.indexOf('\n');
    const [name = '', argument = ''] = part.slice(0, end).trim().split(' ');
    const body = part.slice(end + 1);
    const lines = body.split('\n').filter(line => line.trim() !== '');
    if (name === 'id') read = { ...read, id: argument };
    else if (name === 'says') read = { ...read, says: lines };
    else if (name === 'means') read = { ...read, means: lines };
    else if (name === 'exit') read = { ...read, exit: Number(argument) };
    else {
      files.set(name, body);
      if (read.main === '') read = { ...read, main: name };
    }
  }
  return { title: title.trim(), files, ...read };
}

function sourceOf({ files, id }: Pick<Case, 'files' | 'id'>): ConfigSource {
  return {
    read: path => files.get(path.replace(/^\.\//, '')),
    glob: (pattern, directory) => {
      const path = (pattern.startsWith('/') ? pattern : `${directory}/${pattern}`).replace(/^\.\//, '');
      const matcher = new RegExp(`^${path.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
      return [...files.keys()].filter(file => matcher.test(file)).toSorted();
    },
    configId: id,
    environment: { SITE: 'north' },
    random: () => 1,
    hostname: 'testhost',
  };
}

function plain(value: unknown): unknown {
  if (value === Infinity) return 'Infinity';
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item)]));
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => key !== 'position');
  return Object.fromEntries(entries.map(([key, item]) => [key, plain(item)]));
}

function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], value);
}

const cases = readdirSync(FOLDER)
  .filter(file => file.endsWith('.case'))
  .toSorted()
  .map(file => ({ file, ...readCase(readFileSync(`${FOLDER}/${file}`, 'utf8')) }));

for (const one of cases)
  test(`${one.file}: ${one.title}`, () => {
    const { config, diagnostics, status } = parseKeepalived(one.main, sourceOf(one));
    const said = diagnostics.map(
      ({ severity, position, message, hint }) =>
        `${severity} ${position.file}:${position.line} ${message}${hint === undefined ? '' : ` (${hint})`}`,
    );
    if (one.says !== undefined) assert.deepEqual(said, one.says);
    const model = plain(config);
    for (const line of one.means) {
      const cut = line.indexOf(' = ');
      const path = line.slice(0, cut).trim();
      const wanted = line.slice(cut + 3);
      assert.deepEqual(valueAt(model, path), wanted === 'nothing' ? undefined : JSON.parse(wanted), path);
    }
    if (one.exit !== undefined) assert.equal(EXIT_CODE[status], one.exit, said.join('\n'));
  });

test('every keyword has a golden case', () => {
  const text = cases.flatMap(one => [...one.files.values()]).join('\n');
  const tables = [
    TOP,
    GLOBAL_DEFS,
    VRRP_INSTANCE,
    AUTHENTICATION,
    VRRP_SYNC_GROUP,
    VRRP_SCRIPT,
    VRRP_TRACK_PROCESS,
    TRACK_FILE,
    GARP_GROUP,
    BFD_INSTANCE,
    SSL,
    VIRTUAL_SERVER,
    REAL_SERVER,
    ...Object.values(CHECKER_TABLES),
  ];
  const missing = tables.flatMap(table =>
    table.rows
      .map(row => row.name)
      .filter(name => !new RegExp(`(^|[\\s{])${name}([\\s{]|$)`, 'm').test(text)),
  );
  assert.deepEqual(missing, []);
});

test('a keyword is either read or ignored, not both', () => {
  const tables = [TOP, GLOBAL_DEFS, VRRP_INSTANCE, VRRP_SYNC_GROUP, VIRTUAL_SERVER, REAL_SERVER];
  const both = tables.flatMap(({ block, rows }) =>
    rows.map(({ name }) => name).filter(name => ignoredKeyword(block, name) !== undefined),
  );
  assert.deepEqual(both, []);
});

test('names of what every object has are unknown words like any other', () => {
  for (const word of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    const text = `${word} x
global_defs {
  ${word} x
}
vrrp_instance V {
  interface lo
  virtual_router_id 3
  ${word}
  virtual_ipaddress {
    10.0.0.1/24 ${word} x
    10.0.0.2/24 scope ${word}
  }
}
`;
    const files = new Map([['keepalived.conf', text]]);
    const { diagnostics } = parseKeepalived('keepalived.conf', sourceOf({ files, id: '' }));
    const lines = diagnostics.map(({ position }) => position.line);
    for (const line of [1, 3, 8, 10, 11]) assert.ok(lines.includes(line), `${word}: line ${line}`);
    for (const { message } of diagnostics) assert.doesNotMatch(message, /object|native code/);
  }
});
