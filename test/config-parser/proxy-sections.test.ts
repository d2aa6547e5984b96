/**
 * Where a keyword may stand: test/cases/proxy-sections.tsv holds a line and what HAProxy 3.4 says about it in
 * each kind of section: ok, warn (accepted and ignored) or error.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseConfig } from '../../src/config-parser/parse.ts';
import type { Diagnostic } from '../../src/model/diagnostic.ts';

const HEADS = ['defaults named', 'defaults', 'frontend x', 'listen x', 'backend x'];

const STICK_TABLES = ['', 'backend ids', 'backend st']
  .map(section => `${section}\n stick-table type string size 1k\n`)
  .join('');

/** `persist` and the like need tcp; everything else is read in http. */
function configure(head: string, line: string): string {
  const mode = /rdp-cookie/.test(line) ? 'tcp' : 'http';
  const timeouts = 'timeout client 5s\n timeout connect 5s\n timeout server 5s';
  // what `stick` lines need stands behind them
  const table = line.startsWith('stick ') ? STICK_TABLES : '';
  return `global\n expose-experimental-directives\n${head}\n mode ${mode}\n ${timeouts}\n ${line}\n${table}`;
}

const LINE_NUMBER = 8;

/** What this program says beside HAProxy: effects that are still missing, and words that have none. */
function isAboutEffects({ message }: Diagnostic): boolean {
  return /not supported yet|has no effect in this program|is deprecated/.test(message);
}

function judge(head: string, line: string): string {
  const files = [{ path: 'x.cfg', text: configure(head, line) }];
  const readFile = () => ({ text: 'HTTP/1.0 503 Sorry\r\n\r\n' });
  const { diagnostics } = parseConfig(files, { environment: {}, readFile });
  const said = diagnostics.filter(one => one.position.line === LINE_NUMBER && !isAboutEffects(one));
  if (said.some(one => one.severity === 'alert')) return 'error';
  return said.some(one => one.severity === 'warning') ? 'warn' : 'ok';
}

const [, ...rows] = readFileSync('test/cases/proxy-sections.tsv', 'utf8').trimEnd().split('\n');

for (const [index, head] of HEADS.entries()) {
  test(`every keyword is accepted, ignored or refused in '${head}' as HAProxy does`, () => {
    const wrong: string[] = [];
    for (const row of rows) {
      const [line = '', ...verdicts] = row.split('\t');
      const verdict = judge(head, line);
      if (verdict !== verdicts[index]) wrong.push(`${line}: ${verdict}, not ${verdicts[index] ?? ''}`);
    }
    assert.equal(wrong.join('\n'), '');
  });
}
