/** A compile environment for tests: named sections, files from memory, diagnostics collected. */
import { AclTable } from '../../src/acl/acl-table.ts';
import type { CompileEnvironment, ProxyEntry } from '../../src/acl/environment.ts';
import { PatternRegistry } from '../../src/acl/pattern-registry.ts';
import { StickTables } from '../../src/state/stick-table/stick-tables.ts';
import { VariableNames } from '../../src/acl/variables.ts';
import type { Userlist } from '../../src/model/config.ts';
import type { Diagnostic, Position } from '../../src/model/diagnostic.ts';
import type { AclLine, Condition, Term, Word } from '../../src/model/word.ts';

import { tableSettings } from '../support/stick-table.ts';

export const AT: Position = { file: 'test.cfg', line: 1, column: 1 };

const FRONTEND: ProxyEntry = { name: 'fe1', id: 2, kind: 'frontend', fullconn: 0 };
const BACKEND: ProxyEntry = { name: 'be1', id: 3, kind: 'backend', fullconn: 0 };

export const USERLIST: Userlist = {
  name: 'admins',
  position: AT,
  groups: [
    { name: 'ops', users: ['root'] },
    { name: 'dev', users: [] },
  ],
  users: [
    { name: 'root', password: 'secret', secure: false, groups: [] },
    {
      name: 'joe',
      password: '$5$salt$Gcm6FsVtF/Qa77ZKD.iwsJlCVPY0XSMgLJL0Hnww/c1',
      secure: true,
      groups: ['dev'],
    },
  ],
};

export interface TestEnvironment extends CompileEnvironment {
  readonly diagnostics: Diagnostic[];
}

export interface EnvironmentParts {
  readonly acls?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly variables?: VariableNames;
}

export function testEnvironment({
  acls = [],
  files = {},
  variables = new VariableNames(),
}: EnvironmentParts = {}): TestEnvironment {
  const diagnostics: Diagnostic[] = [];
  const readFile = (path: string): { content: string } | { error: string } =>
    files[path] === undefined ? { error: 'no such file' } : { content: files[path] };
  return {
    diagnostics,
    report: diagnostic => void diagnostics.push(diagnostic),
    variables,
    patterns: new PatternRegistry({ readFile }),
    acls: new AclTable(acls.map(aclLine)),
    directory: {
      refer: () => undefined,
      frontend: name => (name === 'fe1' ? FRONTEND : undefined),
      backend: name => (name === 'be1' ? BACKEND : undefined),
      server: (backend, name) =>
        backend.name === 'be1' && /^s[12]$/.test(name) ? Number(name.slice(1)) : undefined,
      userlist: name => (name === 'admins' ? USERLIST : undefined),
      sink: name => ['buf0', 'stderr'].includes(name),
    },
    tables: StickTables.forChecking([
      tableSettings('be1', 'gpc0,conn_cnt', { keyType: 'ip' }),
      tableSettings('t', 'gpc(2),gpt(2),http_req_rate(10s)', { keyType: 'string', keyLength: 32 }),
    ]),
    stickCounters: 3,
    proxy: BACKEND,
    environment: name => (name === 'HOME_TOWN' ? 'Ulm' : undefined),
  };
}

/** Words at blanks; quotes keep them together. */
export function wordsOf(text: string): Word[] {
  return [...text.matchAll(/"([^"]*)"|(\S+)/g)].map(match => ({
    text: match[1] ?? match[2] ?? '',
    position: { ...AT, column: match.index + 1 },
  }));
}

function aclLine(text: string): AclLine {
  const [name, ...words] = wordsOf(text);
  return { name: name?.text ?? '', position: AT, words };
}

/** `if a !b or { src 10/8 }`: parsed as the configuration parser does. */
export function conditionOf(text: string): Condition {
  const [kind, ...words] = wordsOf(text);
  const alternatives: Term[][] = [[]];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word;
    const bare = word.text.replace(/^!/, '');
    const negated = bare !== word.text;
    if (word.text === 'or' || word.text === '||') alternatives.push([]);
    else if (bare === '{') {
      const close = words.findIndex((other, index) => index > at && other.text === '}');
      alternatives.at(-1)?.push({ negated, position: word.position, words: words.slice(at + 1, close) });
      at = close;
    } else alternatives.at(-1)?.push({ negated, position: word.position, name: bare });
  }
  return { kind: kind?.text === 'unless' ? 'unless' : 'if', position: AT, alternatives };
}
