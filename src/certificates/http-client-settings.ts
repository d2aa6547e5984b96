/** `httpclient.*` (manual, section 3): how requests of this program's own find, reach and trust their servers. */
import { parseTime } from '../config-parser/units.ts';
import type { Position } from '../model/diagnostic.ts';
import type { Config } from '../model/config.ts';
import type { Global } from '../model/global.ts';
import type { HttpClientSettings } from '../net/http-client.ts';
import { loadAuthorities, SYSTEM_AUTHORITIES } from './authority-files.ts';
import { DISK } from './files.ts';

const DEFAULT_RETRIES = 3;
const DEFAULT_CONNECT = '5s';

interface Mistake {
  readonly position: Position;
  readonly message: string;
}

/** What is asked of a `resolvers` section. */
interface AddressQuestion {
  readonly resolvers: string;
  readonly name: string;
  readonly family: 4 | 6;
}

/** Answers an address, or undefined when there is none. */
type AskResolvers = (question: AddressQuestion, done: (address: string | undefined) => void) => void;

/** `refuse` hears of a file that cannot be read; `ask`: of the sections at work. */
export function httpClientSettings(
  config: Pick<Config, 'global' | 'otherSections'>,
  refuse: (mistake: Mistake) => void,
  ask?: AskResolvers,
): HttpClientSettings {
  const { httpClientLines, caBase } = config.global;
  const last = (name: string): Global['httpClientLines'][number] | undefined =>
    httpClientLines.findLast(([keyword]) => keyword?.text === `httpclient.${name}`);
  const word = (name: string): string | undefined => last(name)?.[1]?.text;
  const resolvers = word('resolvers.id') ?? defaultSection(config);
  return {
    resolves: word('resolvers.disabled') !== 'on',
    prefers: word('resolvers.prefer') === 'ipv4' ? 4 : 6,
    ...(resolvers !== undefined &&
      ask !== undefined && { finder: (name, family, done) => ask({ resolvers, name, family }, done) }),
    retries: Number(word('retries') ?? DEFAULT_RETRIES),
    connectTimeoutMs: parseTime(word('timeout.connect') ?? DEFAULT_CONNECT, 'ms').value ?? 0,
    verifies: word('ssl.verify') !== 'none',
    authorities: authoritiesOf(last('ssl.ca-file')?.[1], caBase ?? '', refuse),
  };
}

/** Where the configuration has one. Within a `chroot` the system finds no names, and the section is there in any case. */
function defaultSection({
  global,
  otherSections,
}: Pick<Config, 'global' | 'otherSections'>): 'default' | undefined {
  const isWritten = otherSections.some(({ kind, name }) => kind === 'resolvers' && name === 'default');
  return isWritten || global.chroot !== undefined ? 'default' : undefined;
}

function authoritiesOf(
  file: Global['httpClientLines'][number][number] | undefined,
  folder: string,
  refuse: (mistake: Mistake) => void,
): () => readonly string[] {
  if (file === undefined) {
    let system: readonly string[] | undefined;
    return () => (system ??= certificatesOf(SYSTEM_AUTHORITIES, ''));
  }
  const loaded = loadAuthorities(file.text, folder, DISK);
  if ('error' in loaded)
    refuse({ position: file.position, message: `'httpclient.ssl.ca-file' : ${loaded.error}` });
  const certificates = 'error' in loaded ? [] : loaded.file.certificates;
  return () => certificates;
}

function certificatesOf(name: string, folder: string): readonly string[] {
  const loaded = loadAuthorities(name, folder, DISK);
  return 'error' in loaded ? [] : loaded.file.certificates;
}
