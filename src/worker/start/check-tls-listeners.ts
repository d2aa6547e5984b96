/**
 * Makes each listener's TLS contexts once when the configuration is loaded, so that what OpenSSL does not take is a
 * mistake of the configuration, in HAProxy's words; and tells what of a line this program cannot do.
 */
import { suitesOf } from '../../net/tls/cipher-list.ts';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { Bind, TlsLineOptions } from '../../model/bind.ts';
import type { Config } from '../../model/config.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { LoadedCertEntry, TlsMaterial } from '../../model/tls-material.ts';
import {
  canLimitSignatures,
  limitClientSignatures,
  SIGNATURES_NOT_LIMITED,
} from '../../net/tls/client-signatures.ts';
import { AUTHORITIES_ANNOUNCED, canTellDetails } from '../../net/tls/context-details.ts';
import { sslCalls } from '../../net/tls/direct/ssl-calls.ts';
import { ListenerContexts, versionsOf } from '../../net/tls/listener-contexts.ts';
import { listenerKey } from '../../net/tls/listener-key.ts';
import { listenerSettings, type ListenerSettings } from '../../net/tls/listener-settings.ts';
import { TICKET_KEY_BYTES, TicketKeys } from '../../net/tls/ticket-keys.ts';

/** Options that do nothing here, and why: those of `bind` lines alone. */
const WITHOUT_EFFECT: ReadonlyMap<string, string> = new Map([
  ['ech', 'the TLS library has no encrypted ClientHello'],
  ['ktls', 'records are made in the process'],
]);

/** And those that a line of a crt-list can have as well. */
const WITHOUT_EFFECT_ANYWHERE: readonly (readonly [keyof TlsLineOptions, string])[] = [
  ['npn', `'npn' has no effect: the TLS library has no NPN any more, use 'alpn'.`],
];

const PROXY = 'Proxy ';

interface Listening {
  /** As messages name it. */
  readonly owner: string;
  readonly mode: string;
  readonly bind: Bind;
}

export function checkTlsListeners(config: Config, material: TlsMaterial): readonly Diagnostic[] {
  const seen = new Set<string>();
  const found: Diagnostic[] = [];
  for (const listening of listenersOf(config)) {
    const { bind } = listening;
    const key = listenerKey(bind.position);
    if (bind.ssl === undefined || seen.has(key)) continue;
    seen.add(key);
    found.push(...checkOne(listening, config, material));
  }
  return found;
}

/** What of a certificate that comes to a listener at run time cannot be; undefined: nothing. */
export function refusalOf(
  config: Config,
  material: TlsMaterial,
  key: string,
  entry: LoadedCertEntry,
): string | undefined {
  for (const listening of listenersOf(config)) {
    const { owner, bind } = listening;
    if (listenerKey(bind.position) !== key) continue;
    const settings = settingsOf(listening, config, material);
    const [wrong] =
      settings === undefined
        ? []
        : refusedOf(settings, [entry], contextsOf(settings, material), placeOf(bind));
    return wrong && `${owner}: ${wrong}`;
  }
  return undefined;
}

function settingsOf(
  { mode, bind }: Listening,
  { global }: Config,
  { dhPem }: TlsMaterial,
): ListenerSettings | undefined {
  return listenerSettings(bind, global, mode, dhPem);
}

function placeOf({ written, position: { file, line } }: Bind): string {
  return `bind '${written}' at [${file}:${line}]`;
}

function* listenersOf({ proxies, global, peers, logForwards }: Config): Iterable<Listening> {
  for (const { name, mode, disabled, binds } of proxies)
    for (const bind of disabled ? [] : binds) yield { owner: `${PROXY}'${name}'`, mode, bind };
  for (const bind of global.statsSockets) yield { owner: 'stats socket', mode: 'tcp', bind };
  for (const { name, binds } of logForwards)
    for (const bind of binds) yield { owner: `log-forward '${name}'`, mode: 'tcp', bind };
  for (const { name, bind } of peers)
    if (bind !== undefined) yield { owner: `peers '${name}'`, mode: 'tcp', bind };
}

function checkOne(listening: Listening, config: Config, material: TlsMaterial): Diagnostic[] {
  const settings = settingsOf(listening, config, material);
  if (settings === undefined) return [];
  const { owner, bind } = listening;
  const entries = material.listeners.get(listenerKey(bind.position)) ?? [];
  const mistakes = new Set(
    refusedOf(settings, [undefined, ...entries], contextsOf(settings, material), placeOf(bind)),
  );
  const alerts = [...mistakes].map((text): Diagnostic => ({
    severity: 'alert',
    position: NOWHERE,
    message: `${owner}: ${text}`,
  }));
  return [...alerts, ...withoutEffect(bind, settings, entries, owner.startsWith(PROXY))];
}

/** Undefined: the line alone. Thousands of certificates may say the same beside them: that is judged once. */
function refusedOf(
  settings: ListenerSettings,
  entries: readonly (LoadedCertEntry | undefined)[],
  contexts: ListenerContexts,
  where: string,
): string[] {
  const judged = new Map<string, string[]>();
  return entries.flatMap(entry => {
    const words = JSON.stringify(entry?.options ?? {});
    const wrong = judged.get(words) ?? refusedWords(withOptions(settings, entry), where);
    judged.set(words, wrong);
    return wrong.length > 0 ? wrong : refusedContext(entry, contexts, where);
  });
}

function contextsOf(settings: ListenerSettings, { authorities }: TlsMaterial): ListenerContexts {
  return new ListenerContexts(settings, name => authorities.get(name), TICKET_KEYS);
}

/** Early data is always accepted by OpenSSL alone, with tickets (direct/). */
function earlyDataRefused({ noTickets }: ListenerSettings, takesEarly: boolean): string[] {
  const why = !takesEarly
    ? 'only frontends accept early data'
    : noTickets
      ? 'without tickets clients of TLS 1.3 have no session to resume'
      : sslCalls() === undefined
        ? 'this Node does not let its OpenSSL be called'
        : undefined;
  return why === undefined ? [] : [`'allow-0rtt' has no effect: ${why}.`];
}

const NOWHERE = { file: '', line: 0, column: 0 };

function withOptions(settings: ListenerSettings, entry: LoadedCertEntry | undefined): ListenerSettings {
  return { ...settings, line: { ...settings.line, ...entry?.options } };
}

/** What OpenSSL does not take of what a line says, without any certificate. */
function refusedWords(settings: ListenerSettings, where: string): string[] {
  const { line } = settings;
  if (versionsOf(settings) === undefined) return [`all SSL/TLS versions are disabled for ${where}.`];
  if (isUnverifiable(line)) return [`verify is enabled but no CA file specified for ${where}.`];
  const { ciphers, ciphersuites, curves, ecdhe, sigalgs, clientSigalgs } = line;
  const parts: readonly (readonly [string, string | undefined, SecureContextOptions])[] = [
    ['SSL cipher list', ciphers, { ciphers: `TLS_AES_128_GCM_SHA256:${ciphers}` }],
    ['TLS 1.3 cipher suites', ciphersuites, { ciphers: suitesOf(ciphersuites ?? '') }],
    ['SSL curves list', curves, { ecdhCurve: curves ?? '' }],
    ['elliptic named curve', ecdhe, { ecdhCurve: ecdhe ?? '' }],
    ['SSL Signature Algorithm list', sigalgs, { sigalgs: sigalgs ?? '' }],
  ];
  const clients = whyNot(() => limitClientSignatures(createSecureContext({ ca: [] }), clientSigalgs));
  if (clients !== undefined)
    return [`unable to set SSL Signature Algorithm list to '${clientSigalgs}' for ${where}.`];
  return parts
    .filter(
      ([, value, options]) =>
        value !== undefined && whyNot(() => createSecureContext({ ...options, ca: [] })),
    )
    .map(([what, value]) => `unable to set ${what} to '${value}' for ${where}.`);
}

function refusedContext(
  entry: LoadedCertEntry | undefined,
  contexts: ListenerContexts,
  where: string,
): string[] {
  const why = whyNot(() =>
    entry === undefined ? contexts.contextBefore([]) : contexts.tryCertificate(entry),
  );
  if (why === undefined) return [];
  const certificate = entry === undefined ? '' : ` of '${entry.certificate.name}'`;
  return [`the SSL context${certificate} cannot be made for ${where}: ${why}.`];
}

function isUnverifiable({ verify = 'none', caFile, caVerifyFile }: TlsLineOptions): boolean {
  return verify !== 'none' && caFile === undefined && caVerifyFile === undefined;
}

/** Nothing is served with them. */
const TICKET_KEYS = TicketKeys.own([Buffer.alloc(TICKET_KEY_BYTES)]);

/** The error's text; undefined: none. */
function whyNot(make: () => unknown): string | undefined {
  try {
    make();
    return undefined;
  } catch (error) {
    return (error as Error).message.trim();
  }
}

/** Words for versions that say less than they seem to. */
function versionMistakes({ minVersion, maxVersion }: TlsLineOptions, words: readonly string[]): string[] {
  const texts: string[] = [];
  const off = words.filter(word => /^no-(sslv3|tlsv1\d)$/.test(word));
  if (off.length > 0 && (minVersion ?? maxVersion) !== undefined)
    texts.push(`'${off.join("' and '")}' ignored: use only 'ssl-min-ver' and 'ssl-max-ver'.`);
  if (minVersion === undefined && maxVersion !== undefined && maxVersion < 'TLSv1.2')
    texts.push(
      `'ssl-max-ver ${maxVersion}' without 'ssl-min-ver', which is taken to be ${maxVersion} too (TLSv1.2 otherwise).`,
    );
  return texts;
}

/** OpenSSL has chosen these when the name is looked at. */
const CHOSEN_BEFORE = ['ciphers', 'ciphersuites', 'curves', 'ecdhe', 'sigalgs', 'clientSigalgs'] as const;

function withoutEffect(
  { otherOptions, position, written }: Bind,
  settings: ListenerSettings,
  entries: readonly LoadedCertEntry[],
  takesEarly: boolean,
): Diagnostic[] {
  const { line } = settings;
  const lines = [line, ...entries.map(({ options }) => options)];
  const isSaid = (name: keyof TlsLineOptions): boolean => lines.some(one => one[name] !== undefined);
  const texts = [
    ...[...WITHOUT_EFFECT]
      .filter(([word]) => otherOptions.has(word))
      .map(([word, why]) => `'${word}' has no effect: ${why}.`),
    ...WITHOUT_EFFECT_ANYWHERE.filter(([name]) => isSaid(name)).map(([, text]) => text),
  ];
  if (isSaid('clientSigalgs') && !canLimitSignatures()) texts.push(SIGNATURES_NOT_LIMITED);
  if (otherOptions.has('ca-sign-file') && !otherOptions.has('generate-certificates'))
    texts.push(`'ca-sign-file' has no effect without 'generate-certificates'.`);
  if (isSaid('earlyData')) texts.push(...earlyDataRefused(settings, takesEarly));
  texts.push(...versionMistakes(line, [...otherOptions.keys()]));
  if ((isSaid('noCaNames') || isSaid('caVerifyFile')) && !canTellDetails()) texts.push(AUTHORITIES_ANNOUNCED);
  if (
    entries.some(
      ({ options, isDefault }) => !isDefault && CHOSEN_BEFORE.some(name => options[name] !== undefined),
    )
  )
    texts.push(
      `'ciphers', 'ciphersuites', 'curves', 'ecdhe', 'sigalgs' and 'client-sigalgs' of a crt-list have no effect: those of the 'bind' line, or of the default certificate, hold.`,
    );
  return texts.map(text => ({ severity: 'warning', position, message: `'bind ${written}' : ${text}` }));
}
