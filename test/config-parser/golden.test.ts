/**
 * Golden cases: every test/cases/config/NAME.cfg is parsed, and what the parser says and understands has to be
 * NAME.expected. LB_UPDATE_GOLDEN=1 writes the expected files instead; read the difference before committing it.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasFatal, renderDiagnostics } from '../../src/config-parser/diagnostic.ts';
import type { FileReader } from '../../src/config-parser/line-context.ts';
import { parseConfig } from '../../src/config-parser/parse.ts';
import { describeConfig } from '../support/config-text.ts';

const UPDATE = process.env['LB_UPDATE_GOLDEN'] === '1';
const FOLDER = 'test/cases/config';

const SYSTEM_FILES: Readonly<Record<string, string>> = {
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nhaproxy:x:99:98::/var/lib/haproxy:/usr/sbin/nologin\n',
  '/etc/group': 'root:x:0:\nhaproxy:x:98:\n',
};

const ENVIRONMENT = { HOME: '/root', NAME: 'value', LIST: 'one two  three', EMPTY: '' };

/** Files that lie beside the case. */
const readFile: FileReader = path => {
  const system = SYSTEM_FILES[path];
  if (system !== undefined) return { text: system };
  const beside = join(FOLDER, path);
  return existsSync(beside)
    ? { text: readFileSync(beside, 'latin1') }
    : { error: 'No such file or directory' };
};

function run(name: string): string {
  const path = `${name}.cfg`;
  const text = readFileSync(join(FOLDER, path), 'utf8');
  const { config, diagnostics } = parseConfig([{ path, text }], { environment: ENVIRONMENT, readFile });
  const said = renderDiagnostics(diagnostics, { pid: 0, showDiag: true }).replaceAll(
    / \(0\) : /g,
    ' (PID) : ',
  );
  const verdict = hasFatal(diagnostics) ? 'refused' : 'accepted';
  return `${said}${verdict}\n${config === undefined ? '' : describeConfig(config)}`;
}

const names = readdirSync(FOLDER)
  .filter(file => file.endsWith('.cfg'))
  .map(file => file.slice(0, -'.cfg'.length))
  .toSorted();

for (const name of names) {
  test(`the configuration case ${name} is understood as recorded`, () => {
    const expectedFile = join(FOLDER, `${name}.expected`);
    const actual = run(name);
    if (UPDATE) writeFileSync(expectedFile, actual);
    else if (existsSync(expectedFile)) assert.equal(actual, readFileSync(expectedFile, 'utf8'));
    else assert.fail(`${expectedFile} is missing: run with LB_UPDATE_GOLDEN=1 and read what it says`);
  });
}
