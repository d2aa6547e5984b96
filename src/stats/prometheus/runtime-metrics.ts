/** What the JavaScript runtime tells of itself, under the names prom-client gives everywhere: `process_*`, `nodejs_*`. */
import { collectDefaultMetrics, Registry } from 'prom-client';

let registry: Registry | undefined;

/** Collecting begins with the first scrape: who asks for nothing pays nothing. */
function opened(): Registry {
  if (registry === undefined) {
    registry = new Registry();
    collectDefaultMetrics({ register: registry });
  }
  return registry;
}

export async function runtimeMetrics(wants: (name: string) => boolean): Promise<string> {
  const own = opened();
  const names = own
    .getMetricsAsArray()
    .map(({ name }) => name)
    .filter(wants);
  const families = await Promise.all(names.map(name => own.getSingleMetricAsString(name)));
  return families.map(text => `${text.trimEnd()}\n`).join('');
}
