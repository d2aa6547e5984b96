/**
 * A number or text with its type and meaning, as the typed and JSON outputs tell it (manual of management,
 * section 9.1). Three letters: origin, nature, scope.
 *
 *   origin  M metric · S status · K key · C configuration · P product
 *   nature  G gauge · L limit · M maximum · R rate · C counter · D duration · A age · N name · O output · a average
 *   scope   P process · S service
 */
export type ValueType = 's32' | 'u32' | 'u64' | 'flt' | 'str';

/** Undefined: the object has no such value now. */
export type Value = number | string | undefined;

export const ORIGINS: Readonly<Record<string, string>> = {
  M: 'Metric',
  S: 'Status',
  K: 'Key',
  C: 'Config',
  P: 'Product',
};

export const NATURES: Readonly<Record<string, string>> = {
  G: 'Gauge',
  L: 'Limit',
  M: 'Max',
  R: 'Rate',
  C: 'Counter',
  D: 'Duration',
  A: 'Age',
  N: 'Name',
  O: 'Output',
  a: 'Avg',
};

export const SCOPES: Readonly<Record<string, string>> = { P: 'Process', S: 'Service' };

const U32 = 2 ** 32;

/** As the type allows it: 32-bit numbers wrap, as counters of that size do. */
export function asText(value: number | string, type: ValueType): string {
  if (typeof value === 'string') return value;
  if (type === 'flt') return String(Number(value.toFixed(6)));
  const whole = Math.trunc(value);
  return String(type === 'u32' ? ((whole % U32) + U32) % U32 : whole);
}
