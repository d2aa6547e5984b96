/** `show ssl sni`: which name gets which certificate, and until when that is good. */
import { X509Certificate } from 'node:crypto';
import type { Instance } from '../../../certificates/certificate-store.ts';
import type { LoadedCertificate } from '../../../model/tls-material.ts';
import { dump, fail, type Answer, type Call, type Command } from '../../command.ts';
import { findFrontend } from '../../find.ts';
import { parseDelay } from '../../units.ts';
import { inOrder, row } from './row.ts';

const HEAD = '# Frontend/Bind\tSNI\tNegative Filter\tType\tFilename\tNotAfter\tNotBefore\n';
const MOST_SECONDS = 0x7fff_ffff;

interface Wanted {
  frontend?: string;
  /** Only certificates that are over by then. */
  overAtMs?: number;
}

function show(call: Call): Answer {
  const wanted: Wanted = {};
  let offsetMs = 0;
  let isOver = false;
  const { args, runtime } = call;
  for (let at = 3; args.at(at) !== ''; at++) {
    const option = args.at(at);
    if (option === '-A') isOver = true;
    else if (option === '-f') {
      const wrong = wrongFrontend(args.at(++at), runtime);
      if (wrong !== undefined) return fail(wrong);
      wanted.frontend = args.at(at);
    } else if (option === '-t') {
      const wrong = wrongOffset(args.at(++at));
      if (wrong !== undefined) return fail(wrong);
      offsetMs = parseDelay(args.at(at), 's') ?? 0;
    } else return fail(`Invalid parameters, 'show ssl sni' only supports '-f', '-A' or '-t' options!`);
  }
  if (isOver) wanted.overAtMs = Date.now() + offsetMs;
  return dump(namesOf(call, wanted));
}

function* namesOf({ runtime }: Call, { frontend, overAtMs }: Wanted): Generator<string> {
  yield HEAD;
  const { store } = runtime.tls;
  for (const { key, owner, instances } of store.listeners.values()) {
    if (frontend !== undefined && owner !== frontend) continue;
    for (const { name, instance } of inNameOrder(
      instances.values(),
      call => store.certificates.get(call)?.loaded,
    )) {
      const loaded = store.certificates.get(instance.certificate)?.loaded;
      const line = loaded && lineOf(name, instance, loaded, overAtMs);
      if (line !== undefined) yield `${owner}/${key}\t${line}`;
    }
  }
}

interface Named {
  readonly name: string;
  readonly instance: Instance;
}

/** Names before wildcards, both by their bytes, as HAProxy's trees have them. */
function inNameOrder(
  instances: Iterable<Instance>,
  find: (certificate: string) => LoadedCertificate | undefined,
): readonly Named[] {
  const named = [...instances].flatMap(instance =>
    namesFor(instance, find(instance.certificate)).map(name => ({ name, instance })),
  );
  const rank = (name: string): string => (name.startsWith('*') ? `1${name.slice(1)}` : `0${name}`);
  return named.sort((a, b) => (rank(a.name) < rank(b.name) ? -1 : rank(a.name) > rank(b.name) ? 1 : 0));
}

function namesFor({ entry, isDefault }: Instance, loaded: LoadedCertificate | undefined): readonly string[] {
  const filters = (entry?.filters ?? []).map(filter => filter.toLowerCase());
  const names = filters.length > 0 ? filters : (loaded?.names ?? []);
  const positive = names.filter(name => !name.startsWith('!'));
  return [...new Set(isDefault ? [...positive, '*'] : positive)];
}

function lineOf(
  name: string,
  { entry }: Instance,
  { name: file, certPem, keyType }: LoadedCertificate,
  overAtMs: number | undefined,
): string | undefined {
  const { validFrom, validTo } = new X509Certificate(certPem);
  if (overAtMs !== undefined && overAtMs <= Date.parse(validTo)) return undefined;
  const excluded = name.startsWith('*')
    ? (entry?.filters ?? []).filter(filter => /^!(?!\*)./.test(filter))
    : [];
  const negative =
    excluded.length === 0
      ? '-'
      : inOrder(excluded)
          .map(filter => `${filter.toLowerCase()} `)
          .join('');
  return `${name}\t${negative}\t${keyType}\t${file}\t${validTo}\t${validFrom}\n`;
}

function wrongFrontend(name: string, runtime: Call['runtime']): string | undefined {
  if (name === '') return `'-f' requires a frontend name!`;
  return 'wrong' in findFrontend(runtime, name) ? `Couldn't find the specified frontend!` : undefined;
}

function wrongOffset(text: string): string | undefined {
  if (text === '') return `'-t' requires an offset argument!`;
  const ms = parseDelay(text, 's');
  if (ms === undefined) return `'-t ${text}' : unexpected character '${/[^0-9]/.exec(text)?.[0] ?? ''}'`;
  if (ms > MOST_SECONDS * 1000)
    return `offset overflow '${text}' (maximum value is ${MOST_SECONDS}s or ~24855 days)`;
  return ms === 0 ? `'-t' expects a positive value` : undefined;
}

export const NAME_COMMANDS: readonly Command[] = [
  row('show ssl sni', '[-f <frontend>] [-A] [-t <offset>]', 'names of certificates', 'user', show),
];
