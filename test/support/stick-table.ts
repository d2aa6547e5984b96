/** Stick tables for tests: settings as a configuration would give them. */
import type { StickStore, StickTableSettings } from '../../src/model/stick-table.ts';
import { parseStore } from '../../src/config-parser/haproxy/stick-store.ts';

/** `gpc0,conn_rate(10s)` */
function stores(text: string): readonly StickStore[] {
  if (text === '') return [];
  return text.split(/,(?![^(]*\))/).map(one => {
    const store = parseStore(one);
    if ('error' in store) throw new Error(store.error);
    return store;
  });
}

export function tableSettings(
  name: string,
  store: string,
  overrides: Partial<StickTableSettings> = {},
): StickTableSettings {
  return {
    name,
    position: { file: 'test.cfg', line: 1, column: 1 },
    keyType: 'ip',
    keyLength: 4,
    size: 100,
    expireMs: 0,
    nopurge: false,
    serverKey: 'name',
    serverKeyLength: 47,
    bratesFactor: 1,
    stores: stores(store),
    ...overrides,
  };
}
