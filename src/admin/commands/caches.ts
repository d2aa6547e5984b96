/** `show cache`: the caches of the configuration and what is stored in them (management manual). */
import { monotonicMs } from '../../base/clock.ts';
import type { EntryReport, HttpCache } from '../../state/http-cache/http-cache.ts';
import type { HttpCaches } from '../../state/http-cache/http-caches.ts';
import type { Variant } from '../../state/http-cache/variant.ts';
import { dump, type Command } from '../command.ts';

function* caches(all: HttpCaches): Generator<string> {
  let number = 0;
  for (const cache of all.all) {
    number++;
    const place = `0x${number.toString(16)}`;
    yield `${place}: ${cache.settings.name} (shctx:${place}, available blocks:${cache.availableBlocks})\n`;
    yield* entries(cache);
  }
}

/** What has expired, or cannot be found for another reason, is not told. */
function* entries(cache: HttpCache): Generator<string> {
  const now = Math.floor(monotonicMs() / 1000);
  for (let entry = 1; entry <= cache.lastEntry; entry++) {
    const report = cache.report(entry, now);
    if (report !== undefined) yield renderEntry(report, now);
  }
}

function renderEntry(
  { entry, hash, variant, bytes, blocks, readers, expires }: EntryReport,
  now: number,
): string {
  const size = `size:${bytes} (${blocks} blocks)`;
  return `0x${entry.toString(16)} hash:${hash} vary:0x${renderVariant(variant)} ${size}, refcount:${readers}, expire:${expires - now}\n`;
}

function renderVariant({ codings, refererLow, refererHigh, originLow, originHigh }: Variant): string {
  const words = [codings, refererLow, refererHigh, originLow, originHigh];
  const bytes = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) bytes.writeInt32LE(word, index * 4);
  return bytes.toString('hex');
}

export const CACHE_COMMANDS: readonly Command[] = [
  {
    words: 'show cache',
    summary: 'caches and what is stored in them',
    level: 'admin',
    run: ({ runtime }) => dump(caches(runtime.state.caches)),
  },
];
