/** From the start of the program to its first accepted connection. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Contestant, start } from './contestants.ts';
import { freePort, stop } from './processes.ts';
import { type CaseResult, compared } from './result.ts';
import { scenario, type Scenario } from './scenario.ts';

const SCENARIOS = [scenario('1 backend'), scenario('5000 backends', { idleBackends: 5000 })];

export async function measureStart(
  contestants: readonly Contestant[],
  base: string,
  rounds: number,
): Promise<CaseResult> {
  const entries = SCENARIOS.flatMap(wanted =>
    contestants.map(contestant => ({ wanted, contestant, samples: [] as number[] })),
  );
  for (let round = 0; round < rounds; round++)
    for (const { wanted, contestant, samples } of entries) {
      const ms = await startOnce(contestant, wanted);
      if (ms !== undefined) samples.push(ms);
    }
  const found = entries
    .filter(({ samples }) => samples.length > 0)
    .map(({ wanted, contestant, samples }) => ({
      contestant: contestant.name,
      scenario: wanted.label,
      samples,
    }));
  return {
    name: 'start-up',
    title: 'Time from start to the first accepted connection',
    unit: 'ms',
    base,
    rows: compared(found, base),
  };
}

async function startOnce(contestant: Contestant, wanted: Scenario): Promise<number | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'lb-bench-'));
  const ports = { listen: await freePort(), origin: await freePort(), log: 0 };
  const began = performance.now();
  const started = await start(contestant, wanted, ports, folder);
  const ms = performance.now() - began;
  if (started !== undefined) await stop(started.child);
  rmSync(folder, { recursive: true, force: true });
  return started === undefined ? undefined : ms;
}
