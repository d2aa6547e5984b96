/**
 * Every scenario of the table (support/vrrp/scenarios.ts) with every pair of programs in network namespaces, seen by a
 * client that asks every 10 ms: two of this program, one with keepalived on either side, and two keepalived as the
 * bar, in the same run. Never more than 50 ms worse, and never outside of what is allowed.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { Lab } from '../support/network-lab.ts';
import { requires } from '../support/requirement.ts';
import { Bout, type Pair } from '../support/vrrp/bout.ts';
import { Lateness } from '../support/vrrp/lateness.ts';
import { SCENARIOS, type Bound, type Scenario } from '../support/vrrp/scenarios.ts';

const BAR: Pair = ['keepalived', 'keepalived'];
const PAIRS: readonly Pair[] = [
  ['lb', 'lb'],
  ['lb', 'keepalived'],
  ['keepalived', 'lb'],
];
const MARGIN_MS = 50;

type Figures = Readonly<Record<string, number>>;

async function measure(lab: Lab, scenario: Scenario, pair: Pair): Promise<Figures> {
  try {
    return await scenario.measure(new Bout(lab, pair));
  } catch (error) {
    throw new Error(`${pair.join(' - ')}: ${String(error)}`, { cause: error });
  }
}

/**
 * A single run of the bar may be luckier than the protocol is at worst. On a machine that lets ordinary processes wait,
 * balancers and peers wait as well.
 */
function limitOf({ protocolMs, mostMs }: Bound, barMs: number, latenessMs: number): number {
  return Math.min(mostMs, Math.max(barMs, protocolMs) + MARGIN_MS) + latenessMs;
}

describe('what happens to routers costs clients no more than between two keepalived', () => {
  const lateness = new Lateness();
  after(() => lateness.stop());
  for (const scenario of SCENARIOS)
    test(scenario.name, async t => {
      if (!requires(t, 'root', 'ip', 'bridge', 'keepalived')) return;
      const labs = [BAR, ...PAIRS].map(() => Lab.create(t, scenario.nodes ?? ['a', 'b'], scenario.links));
      await lateness.take();
      const [bar = {}, ...others] = await Promise.all(
        [BAR, ...PAIRS].map((pair, at) => measure(labs[at] as Lab, scenario, pair)),
      );
      const latenessMs = await lateness.take();
      t.diagnostic(`ordinary processes waited up to ${latenessMs} ms`);
      const wrong: string[] = [];
      for (const [what, bound] of Object.entries(scenario.bounds)) {
        const barMs = bar[what] ?? 0;
        const shown = others.map((figures, at) => {
          const pair = PAIRS[at] as Pair;
          const held = (pair[0] === 'lb' ? bound.ours : undefined) ?? bound;
          const limitMs = Math.round(limitOf(held, barMs, latenessMs));
          const ms = figures[what] ?? Infinity;
          const text = `${pair.join('-')} ${ms} (at most ${limitMs})`;
          if (ms > limitMs || ms < (bound.leastMs ?? 0)) wrong.push(`${what}: ${text}, bar ${barMs}`);
          return text;
        });
        t.diagnostic(`${what}: keepalived-keepalived ${barMs}, ${shown.join(', ')} ms`);
      }
      assert.deepEqual(wrong, []);
    });
});
