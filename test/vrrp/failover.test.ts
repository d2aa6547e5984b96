/**
 * Every scenario of the table (support/vrrp/scenarios.ts) with every pair of programs in network namespaces, seen by a
 * client that asks every 10 ms: two of this program, one with keepalived on either side, and two keepalived as the
 * bar, in the same run. Never more than 50 ms worse, and never outside of what is allowed.
 */
import assert from 'node:assert/strict';
import { after, describe, test, type TestContext } from 'node:test';
import { Lab } from '../support/network-lab.ts';
import { requires } from '../support/requirement.ts';
import { Bout, type Pair } from '../support/vrrp/bout.ts';
import { FROZEN_MS, Standstill } from '../support/vrrp/standstill.ts';
import { Meeting } from '../support/vrrp/meeting.ts';
import { SCENARIOS, type Bound, type Scenario } from '../support/vrrp/scenarios.ts';

const BAR: Pair = ['keepalived', 'keepalived'];
const PAIRS: readonly Pair[] = [
  ['lb', 'lb'],
  ['lb', 'keepalived'],
  ['keepalived', 'lb'],
];
const MARGIN_MS = 50;
/** The most that a processor's standing still excuses. */
const EXCUSED_MS = 50;
/** What is too slow once is measured again, all pairs of it, and judged by the medians; as long as there is time. */
const ROUNDS = 5;
const PATIENCE_MS = 400_000;

type Figures = Readonly<Record<string, number>>;

interface Round {
  /** What the bar measured, and then the others. */
  readonly figures: readonly Figures[];
  /** For so long a processor stood still: nobody can be faster by that. */
  readonly stoodStillMs: number;
}

async function measure(lab: Lab, scenario: Scenario, pair: Pair, meeting: Meeting): Promise<Figures> {
  try {
    return await scenario.measure(new Bout(lab, pair, meeting));
  } catch (error) {
    throw new Error(`${pair.join(' - ')}: ${String(error)}\n${lab.describe()}`, { cause: error });
  } finally {
    meeting.leave();
  }
}

async function measureAll(t: TestContext, scenario: Scenario): Promise<readonly Figures[]> {
  const pairs = [BAR, ...PAIRS];
  const labs = pairs.map(() => Lab.create(t, scenario.nodes ?? ['a', 'b'], scenario.links));
  const meeting = new Meeting(pairs.length);
  const measured = labs.map((lab, at) => measure(lab, scenario, pairs[at] as Pair, meeting));
  await Promise.allSettled(measured);
  for (const lab of labs) await lab.destroyNow();
  return Promise.all(measured);
}

function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Infinity;
}

function limitOf({ mostMs, byLuck }: Bound, barMs: number): number {
  return Math.round(byLuck === true ? mostMs : Math.min(mostMs, barMs + MARGIN_MS));
}

interface Verdict {
  readonly shown: readonly string[];
  readonly wrong: readonly string[];
}

function judge({ bounds }: Scenario, rounds: readonly Round[]): Verdict {
  const shown: string[] = [];
  const wrong: string[] = [];
  const excusedMs = Math.min(medianOf(rounds.map(({ stoodStillMs }) => stoodStillMs)), EXCUSED_MS);
  const measured = (pair: number, what: string): number =>
    medianOf(rounds.map(({ figures }) => figures[pair]?.[what] ?? Infinity));
  for (const [what, bound] of Object.entries(bounds)) {
    const barMs = measured(0, what);
    const texts = PAIRS.map((pair, at) => {
      const held = (pair[0] === 'lb' ? bound.ours : undefined) ?? bound;
      const limitMs = limitOf(held, barMs);
      const ms = measured(at + 1, what);
      const text = `${pair.join('-')} ${ms} (at most ${limitMs})`;
      if (!(ms <= limitMs + excusedMs && ms >= (bound.leastMs ?? 0)))
        wrong.push(`${what}: ${text}, bar ${barMs}`);
      return text;
    });
    shown.push(`${what}: keepalived-keepalived ${barMs}, ${texts.join(', ')} ms`);
  }
  return { shown, wrong };
}

describe('what happens to routers costs clients no more than between two keepalived', () => {
  const standstill = new Standstill();
  after(() => standstill.stop());
  for (const scenario of SCENARIOS)
    test(scenario.name, async t => {
      if (!requires(t, 'root', 'ip', 'bridge', 'keepalived')) return;
      const rounds: Round[] = [];
      let wrong: readonly string[] = [];
      for (let tries = 1; tries <= ROUNDS; tries++) {
        await standstill.take();
        const figures = await measureAll(t, scenario).catch((error: unknown) => error as Error);
        const { worstMs } = await standstill.take();
        t.diagnostic(`a processor stood still for up to ${worstMs} ms`);
        if (figures instanceof Error) {
          if (worstMs < FROZEN_MS || tries === ROUNDS) throw figures;
          continue;
        }
        rounds.push({ figures, stoodStillMs: worstMs });
        const verdict = judge(scenario, rounds);
        for (const line of verdict.shown) t.diagnostic(line);
        ({ wrong } = verdict);
        if (wrong.length === 0 || performance.now() > PATIENCE_MS) break;
      }
      assert.deepEqual(wrong, []);
    });
});
