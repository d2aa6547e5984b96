/** What is proposed for lines that are no command: what HAProxy 3.4 does, but for commands that only one of both has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Words, type Session } from '../../src/admin/command.ts';
import { renderHelp } from '../../src/admin/help.ts';
import { COMMANDS } from '../../src/admin/table.ts';

const SESSION = { expert: false, experimental: false } as Session;

/** The first line, and the words of the commands below it, without those that are always there. */
function proposed(line: string): readonly string[] {
  const [headline = '', ...rest] = renderHelp(COMMANDS, SESSION, new Words(line.split(' '))).split('\n');
  return [headline, ...rest.slice(0, -3).map(usage => usage.slice(2, 40).trim())];
}

const LIKE = 'but maybe one of the following ones is a better match:';

test('commands are proposed that resemble what was said', () => {
  assert.deepEqual(proposed('foo'), [
    `Unknown command: 'foo', ${LIKE}`,
    'echo <text>',
    'show fd [-!plcfbsd]* [num]',
    'show info [desc|json|typed|float]*',
    'user',
    'wait {-h|<delay_ms>} cond [args...]',
  ]);
  assert.deepEqual(proposed('sho inf'), [
    `Unknown command: 'sho', ${LIKE}`,
    'show info [desc|json|typed|float]*',
  ]);
  assert.deepEqual(proposed('show st'), [
    `Unknown command: 'show', ${LIKE}`,
    'show stat [desc|json|no-maint|typed|up]*'.slice(0, 38),
  ]);
  assert.deepEqual(proposed('set foo bar'), [
    `Unknown command: 'set', ${LIKE}`,
    'set anon off',
    'set anon on [value]',
    'set map <map> [<key>|#<ref>] <value>',
    'set server <bk>/<srv> [opts]',
    'set table <table> key <k> [data.* <v>]*'.slice(0, 38),
  ]);
});

test('all commands that begin with what was said are proposed where nothing follows, or nothing resembles it', () => {
  assert.deepEqual(proposed('disable'), [
    `Unknown command: 'disable', ${LIKE}`,
    ...proposed('help disable').slice(1),
  ]);
  assert.equal(proposed('commit ssl 0123456789 0123456789')[0], `Unknown command: 'commit', ${LIKE}`);
  assert.deepEqual(
    proposed('commit ssl 0123456789 0123456789').slice(1),
    proposed('help commit ssl').slice(1),
  );
  assert.equal(proposed('help')[0], 'The following commands are valid at this level:');
});
