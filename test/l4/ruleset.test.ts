/** Services and the states of their servers -> text for nft: golden cases, and what nft itself says of them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { removal } from '../../src/l4/ruleset.ts';
import { requires } from '../support/requirement.ts';
import { forward, forwardingCases } from './forwarding-cases.ts';

for (const one of forwardingCases()) {
  test(`${one.file}: ${one.title}`, () => {
    const made = forward(one);
    for (const part of ['warns', 'ruleset', 'exchange'] as const) {
      const wanted = one.parts.get(part);
      if (wanted !== undefined) assert.equal(made[part], wanted, part);
    }
  });

  test(`${one.file}: nft takes it, its exchange, and nothing is left after its removal`, t => {
    if (!requires(t, 'root', 'nft')) return;
    const { ruleset, exchange } = forward(one);
    const script = `set -e
ip link set lo up
while read -r line && [ "$line" != '#' ]; do echo "$line"; done | nft -f -
nft -i
nft list ruleset; nft "$1"; echo left:; nft list ruleset`;
    const { status, stdout, stderr } = spawnSync(
      'unshare',
      ['-n', 'sh', '-c', script, 'sh', removal().join('; ')],
      {
        input: `${ruleset}#\n${exchange}`,
        encoding: 'utf8',
      },
    );
    assert.equal(status, 0, stderr);
    assert.equal(stderr, '');
    assert.match(stdout, /^table \w+ lb_l4[^]*left:\n$/);
  });
}
