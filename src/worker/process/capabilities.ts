/**
 * `setcap` (manual, section 3.1; management manual, section 13.1): rights that outlive the change of user, or that a
 * process without root takes of those its program file has. The kernel keeps them by thread: each that binds or connects
 * calls holdCapabilities() when it starts, and once more when the user has changed.
 */
import { CAPABILITIES } from '../../model/capabilities.ts';
import type { Global } from '../../model/global.ts';
import { describeErrno } from '../../base/system-error.ts';
import { capabilities, keepCapabilities, setCapabilities } from './process-calls.ts';

type CapabilityWords = Pick<Global, 'otherLines'>;

function wantedOf({ otherLines }: CapabilityWords): readonly (readonly [name: string, bit: bigint])[] {
  const names = otherLines
    .filter(([keyword]) => keyword?.text === 'setcap')
    .flatMap(([, list]) => list?.text.split(',') ?? []);
  return [...new Set(names)].map(name => [name, 1n << BigInt(CAPABILITIES.get(name) ?? 0)] as const);
}

export function keepsCapability(words: CapabilityWords, name: string): boolean {
  return wantedOf(words).some(([wanted]) => wanted === name);
}

type Held = { readonly missing: readonly string[] } | { readonly error: string };

/**
 * As root: they will outlive the change of user. Else: the wanted ones come into effect as far as they are permitted, and
 * nothing more stays permitted than is in effect then.
 */
export function holdCapabilities(words: CapabilityWords): Held {
  const wanted = wantedOf(words);
  if (wanted.length === 0) return { missing: [] };
  if (process.getuid?.() === 0) return outcomeOf(keepCapabilities(), []);
  const { effective, permitted } = capabilities();
  const held = wanted.reduce((all, [, bit]) => all | (permitted & bit), effective);
  const missing = wanted.filter(([, bit]) => (held & bit) === 0n).map(([name]) => name);
  return outcomeOf(setCapabilities(held), missing);
}

function outcomeOf(result: number, missing: readonly string[]): Held {
  return result < 0 ? { error: `cannot keep capabilities: ${describeErrno(-result)}.` } : { missing };
}

/** What is to be told when some are not there; undefined: nothing. */
export function troubleOf(held: Held): string | undefined {
  if ('error' in held) return `setcap: ${held.error}`;
  const { missing } = held;
  return missing.length === 0 ? undefined : `setcap: not permitted to this process: ${missing.join(', ')}.`;
}
