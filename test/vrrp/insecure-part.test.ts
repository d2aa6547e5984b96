/** What a script under `enable_script_security` may look like, as keepalived judges it. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { insecurePart } from '../../src/vrrp/account.ts';
import { requires } from '../support/requirement.ts';

const SOMEBODY = 65_534;

test('what others than root can change is insecure, through links, too', t => {
  if (!requires(t, 'root')) return;
  const folder = mkdtempSync(join(tmpdir(), 'lb-script-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const script = join(folder, 'check');
  writeFileSync(script, '#!/bin/sh\n');
  const judge = (mode: number, uid = 0, gid = 0): string | undefined => {
    chownSync(script, uid, gid);
    chmodSync(script, mode);
    return insecurePart(script);
  };
  assert.equal(judge(0o755), undefined);
  // the group of root is root
  assert.equal(judge(0o775), undefined);
  assert.equal(judge(0o775, 0, SOMEBODY), script);
  assert.equal(judge(0o755, 0, SOMEBODY), undefined);
  assert.equal(judge(0o757), script);
  assert.equal(judge(0o1757), script);
  assert.equal(judge(0o755, SOMEBODY), script);
  assert.equal(judge(0o755), undefined);
  const home = join(folder, 'home');
  mkdirSync(home);
  const inHome = join(home, 'check');
  writeFileSync(inHome, '#!/bin/sh\n');
  const link = join(folder, 'link');
  symlinkSync(inHome, link);
  assert.equal(insecurePart(link), undefined);
  chownSync(home, SOMEBODY, SOMEBODY);
  assert.equal(insecurePart(link), home);
  chownSync(home, 0, 0);
  chmodSync(home, 0o1777);
  assert.equal(insecurePart(link), undefined);
  assert.equal(insecurePart(join(folder, 'gone')), join(folder, 'gone'));
});
