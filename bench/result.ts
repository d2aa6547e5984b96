/** What a case found, as it goes to the table and to JSON. */
export interface Row {
  readonly contestant: string;
  readonly scenario: string;
  /** Median over the rounds, in the case's unit. */
  readonly value: number;
  /** Median of the rounds' quotients with the base contestant on the same scenario; NaN without one. */
  readonly ratio: number;
  /** The same with its own first scenario: how it grows. */
  readonly growth: number;
  /** One figure a round, in order. */
  readonly samples: readonly number[];
  readonly perSecond?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  readonly errors?: number;
}

export interface CaseResult {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly base: string;
  readonly rows: readonly Row[];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return NaN;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Of each round's two figures, which were measured one shortly after the other. */
function medianRatio(own: readonly number[], base: readonly number[] | undefined): number {
  if (base === undefined) return NaN;
  return median(
    own.map((value, round) => value / (base[round] ?? NaN)).filter(ratio => !Number.isNaN(ratio)),
  );
}

/** Rows from the rounds' figures: ratios against `base` on the same scenario and against the own first one. */
export function compared(
  entries: readonly {
    contestant: string;
    scenario: string;
    samples: readonly number[];
    details?: Partial<Row>;
  }[],
  base: string,
): Row[] {
  return entries.map(({ contestant, scenario, samples, details }) => {
    const of = (who: string, what: string): readonly number[] | undefined =>
      entries.find(other => other.contestant === who && other.scenario === what)?.samples;
    const first = entries.find(other => other.contestant === contestant)?.scenario ?? scenario;
    return {
      contestant,
      scenario,
      value: median(samples),
      ratio: medianRatio(samples, of(base, scenario)),
      growth: medianRatio(samples, of(contestant, first)),
      samples,
      ...details,
    };
  });
}
