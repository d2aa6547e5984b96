/** What the JavaScript runtime tells of itself, under the names prom-client gives everywhere: `process_*`, `nodejs_*`. */
import type { Registry } from 'prom-client';

let registry: Registry | undefined;

/**
 * Loaded, and collecting, from now on. It takes some 100 ms of a busy processor: a thread that may be asked for metrics
 * does it before it serves.
 */
export async function prepareRuntimeMetrics(): Promise<void> {
  await opened();
}

async function opened(): Promise<Registry> {
  if (registry !== undefined) return registry;
  const { collectDefaultMetrics, Registry } = await import('prom-client');
  // another scrape may have been here meanwhile
  if (registry !== undefined) return registry;
  registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

export async function runtimeMetrics(wants: (name: string) => boolean): Promise<string> {
  const own = await opened();
  const names = own
    .getMetricsAsArray()
    .map(({ name }) => name)
    .filter(wants);
  const families = await Promise.all(names.map(name => own.getSingleMetricAsString(name)));
  return families.map(text => `${text.trimEnd()}\n`).join('');
}
