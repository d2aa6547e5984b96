/**
 * One run tells all mistakes of a configuration, whichever stage finds them: words, names, conditions, expressions,
 * checks. The lines that are wrong say so in test/cases/mistakes/*.cfg, and nothing else may be complained about.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderMessage } from '../../src/config-parser/diagnostic.ts';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import { loadConfiguration } from '../../src/worker/start/load-configuration.ts';

const FOLDER = 'test/cases/mistakes';

function linesMarkedWrong(text: string): number[] {
  return text.split('\n').flatMap((line, index) => (line.includes('# wrong') ? [index + 1] : []));
}

async function alertsOf(...paths: string[]): Promise<Diagnostic[]> {
  const { config, diagnostics } = await loadConfiguration(paths);
  assert.equal(config, undefined);
  return diagnostics.filter(({ severity }) => severity === 'alert');
}

for (const name of readdirSync(FOLDER).toSorted())
  test(`each wrong line of ${name} is told once, in order, and no other`, async () => {
    const path = join(FOLDER, name);
    const alerts = await alertsOf(path);
    const told = alerts.filter(({ position }) => position.line > 0);
    assert.deepEqual(
      told.map(({ position }) => position.line),
      linesMarkedWrong(readFileSync(path, 'utf8')),
      told.map(renderMessage).join('\n'),
    );
    assert.equal(alerts.at(-1)?.message, 'Fatal errors found in configuration.');
  });

test('mistakes of every kind are worded as HAProxy words them', async () => {
  const path = join(FOLDER, 'everything.cfg');
  const alerts = await alertsOf(path);
  const said = new Map(alerts.map(one => [one.position.line, renderMessage(one).replace(`[${path}:`, '[')]));
  assert.equal(said.get(3), `parsing [3] : unknown converter 'foo'`);
  assert.equal(
    said.get(12),
    `parsing [12] : error detected while parsing ACL 'bad' : unknown fetch method 'hdr_begg' in ACL expression 'hdr_begg(host)'; did you mean 'hdr_beg' maybe ?`,
  );
  assert.equal(
    said.get(14),
    `parsing [14] : error detected in frontend 'fe' while parsing 'http-request set-header' rule : failed to parse sample expression <foo]> : unknown fetch method 'foo'.`,
  );
  assert.equal(
    said.get(16),
    `parsing [16] : error detected while parsing an 'http-request deny' condition : no such ACL : 'unknown_acl'.`,
  );
  assert.equal(said.get(23), `parsing [23] : Proxy 'fe': unable to find required use_backend: 'nobe'.`);
  assert.match(
    said.get(24) ?? '',
    /^parsing \[24\] : failed to parse log-format : no such format alias 'foo'\./,
  );
});

test('mistakes of several files are told file by file, each file with its own last line', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lb-mistakes-'));
  try {
    const first = join(folder, '1.cfg');
    const second = join(folder, '2.cfg');
    writeFileSync(first, 'frontend fe\n default_backend nope\n maxcon 3\n acl a pathh /\n');
    writeFileSync(second, 'backend be\n http-request deny if nosuch\n servr s 127.0.0.1:80\n');
    const alerts = await alertsOf(first, second);
    const said = alerts.map(({ position, message }) =>
      position.line > 0 ? `${position.file === first ? 1 : 2}:${position.line}` : message,
    );
    assert.deepEqual(said, [
      '1:2',
      '1:3',
      '1:4',
      `Error(s) found in configuration file : ${first}`,
      '2:2',
      '2:3',
      `Error(s) found in configuration file : ${second}`,
      'Fatal errors found in configuration.',
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('rules of a defaults section may name the ACLs of that section', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lb-defaults-'));
  try {
    const path = join(folder, 'x.cfg');
    const timeouts = ' timeout client 1s\n timeout server 1s\n timeout connect 1s\n';
    const defaults = `defaults d\n mode http\n${timeouts} acl private path_beg /private\n http-request deny if private\n http-request set-timeout tunnel 5s\n`;
    writeFileSync(path, `${defaults}frontend fe from d\n bind 127.0.0.1:18080\n`);
    const { config, diagnostics } = await loadConfiguration([path]);
    assert.deepEqual(diagnostics.map(renderMessage), []);
    assert.notEqual(config, undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
