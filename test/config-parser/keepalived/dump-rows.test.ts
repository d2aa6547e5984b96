/** Where the dumps of keepalived.conf are written. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOf } from '../../support/fake-vrrp.ts';

test('a folder holds dumps by their usual names, a name alone is in /tmp', () => {
  const filesOf = (path: string): readonly string[] => {
    const rows = ['state', 'stats', 'json'].map(kind => ` ${kind}_dump_file ${path}\n`);
    const { globalDefs } = configOf(`global_defs {\n${rows.join('')}}\n`);
    const { stateDumpFile, checkDumpFile, statsDumpFile, jsonDumpFile } = globalDefs;
    return [stateDumpFile, checkDumpFile, statsDumpFile, jsonDumpFile];
  };
  assert.deepEqual(filesOf('/run/ka/'), [
    '/run/ka/keepalived.data',
    '/run/ka/keepalived_check.data',
    '/run/ka/keepalived.stats',
    '/run/ka/keepalived.json',
  ]);
  assert.deepEqual(filesOf('my.txt'), ['/tmp/my.txt', '/tmp/my_check.txt', '/tmp/my.txt', '/tmp/my.txt']);
});

test('with data_use_instance the state has the name of the instance', () => {
  const { stateDumpFile } = configOf(
    'instance one\nglobal_defs {\n data_use_instance\n state_dump_file /run/ka/\n}\n',
  ).globalDefs;
  assert.equal(stateDumpFile, '/run/ka/keepalived.one.data');
});
