/** What the `ring` sections of a configuration say (manual, section 12.6 on rings). */
import { ACME_RING, STANDARD_RING } from '../../config-parser/event-sinks.ts';
import { parseSize, parseTime } from '../../config-parser/units.ts';
import type { Config, OtherSection } from '../../model/config.ts';
import type { LogFormatName } from '../../model/log.ts';
import type { Server } from '../../model/server.ts';

export interface RingSettings {
  readonly name: string;
  readonly description: string;
  readonly format: LogFormatName;
  /** Of all lines together. */
  readonly bytes: number;
  readonly longestLine: number;
  readonly connectTimeoutMs: number | undefined;
  readonly serverTimeoutMs: number | undefined;
  readonly servers: readonly Server[];
  readonly backingFile?: string;
}

/** The manual's value where `size` is missing. */
const DEFAULT_BYTES = 16_384;
const LONGEST = 65_535;

export function ringsOf(config: Config): ReadonlyMap<string, RingSettings> {
  const sections = config.otherSections.filter(({ kind }) => kind === 'ring');
  const written = sections.map(section => [section.name, readSection(section, config)] as const);
  const own = [STANDARD, FOR_NAMES].map(ring => [ring.name, ring] as const);
  return new Map([...own, ...written]);
}

/** As HAProxy has it. Lines take memory only where something writes them. */
const STANDARD: RingSettings = {
  name: STANDARD_RING,
  description: 'in-memory ring buffer',
  format: 'timed',
  bytes: 1_048_576,
  longestLine: LONGEST,
  connectTimeoutMs: undefined,
  serverTimeoutMs: undefined,
  servers: [],
};

const FOR_NAMES: RingSettings = {
  ...STANDARD,
  name: ACME_RING,
  description: 'events for tools that keep the records of names',
  bytes: 65_536,
};

type Draft = { -readonly [Key in keyof RingSettings]: RingSettings[Key] };

function readSection({ name, lines }: OtherSection, { rings }: Config): RingSettings {
  const draft: Draft = {
    name,
    description: name,
    format: 'raw',
    bytes: DEFAULT_BYTES,
    longestLine: LONGEST,
    connectTimeoutMs: undefined,
    serverTimeoutMs: undefined,
    servers: rings.find(ring => ring.name === name)?.servers ?? [],
  };
  for (const line of lines)
    readLine(
      draft,
      line.map(({ text }) => text),
    );
  return draft;
}

/** The lines were checked when they were parsed. */
function readLine(draft: Draft, [keyword = '', ...words]: readonly string[]): void {
  const [first = '', second = ''] = words;
  switch (keyword) {
    case 'description':
      draft.description = words.join(' ');
      return;
    case 'format':
      draft.format = first as LogFormatName;
      return;
    case 'maxlen':
      draft.longestLine = Math.min(parseSize(first).value ?? LONGEST, LONGEST);
      return;
    case 'size':
      draft.bytes = parseSize(first).value ?? DEFAULT_BYTES;
      return;
    case 'backing-file':
      draft.backingFile = first;
      return;
    case 'timeout':
      draft[first === 'connect' ? 'connectTimeoutMs' : 'serverTimeoutMs'] = parseTime(second, 'ms').value;
      return;
    default:
  }
}
