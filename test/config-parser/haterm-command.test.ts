/** The words behind `lb haterm`, and the configuration they stand for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHatermCommand } from '../../src/config-parser/haterm-command.ts';

test('addresses become listeners, lines go to the ends of their sections', () => {
  const args = [
    '-L',
    ':80',
    '-L',
    '[::1]:81:82',
    '-F',
    'maxconn 5\\n\\tlog stdout local0',
    '-G',
    'nbthread 1',
  ];
  const { value } = parseHatermCommand([
    ...args,
    '-T',
    'trace h1 start now',
    '--tcp-bind-opts',
    'mss 500',
    '-D',
  ]);
  assert.deepEqual(value?.options, ['-D']);
  assert.equal(
    value?.text,
    `global
\tnbthread 1

crt-store haterm
\tload crt haterm.pem generate-dummy on keytype RSA bits 2048

frontend haterm
\tmode haterm
\ttimeout client 25s
\tbind :80 mss 500
\tbind [::1]:81 mss 500
\tbind [::1]:82 ssl crt @haterm/haterm.pem alpn h2,http/1.1 mss 500
\tmaxconn 5
\tlog stdout local0

traces
\ttrace h1 start now
`,
  );
});

test('what is wrong is named, and no address is needed for a version or for help', () => {
  for (const [args, error] of [
    [[], 'no address, see -L'],
    [['-L'], '-L expects an argument'],
    [['-L', '1.2.3.4'], '-L 1.2.3.4: expects [<ip>]:<port>[:<TLS port>]'],
    [['-L', ':80', '-X'], `unknown option '-X'`],
    [['constructor'], `unknown option 'constructor'`],
  ] as const)
    assert.equal(parseHatermCommand(args).error, error);
  assert.equal(parseHatermCommand(['-v']).value?.action, 'version');
  assert.equal(parseHatermCommand(['--help']).value?.action, 'help');
});
