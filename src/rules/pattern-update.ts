/**
 * Changes of maps and ACL files by rules (add-acl, del-acl, set-map, del-map). The thread that runs the rule applies
 * the change at once; proxy/ carries it to the other threads, which apply it too.
 */
import type { PatternRegistry } from '../acl/pattern-registry.ts';

export interface PatternUpdate {
  readonly kind: 'add-acl' | 'del-acl' | 'set-map' | 'del-map';
  /** File or `virt@` name. */
  readonly list: string;
  readonly key: string;
  /** Of set-map. */
  readonly value?: string;
}

/** True when something changed. A list that nothing uses does not exist: nothing happens, as in HAProxy. */
export function applyPatternUpdate(registry: PatternRegistry, update: PatternUpdate): boolean {
  const list = registry.find(update.list);
  if (list === undefined) return false;
  const { key, value = '' } = update;
  switch (update.kind) {
    case 'add-acl':
      return list.find(key) === undefined && list.add(key) === undefined;
    case 'set-map': {
      const known = list.find(key);
      if (known === undefined) return list.add(key, value) === undefined;
      return known.value !== value && list.set(key, value) === undefined;
    }
    case 'del-acl':
    case 'del-map':
      return list.remove(key) > 0;
  }
}
