/**
 * `bind` and `stats socket` lines: addresses (lists and port ranges make several listeners), then options
 * (manual, sections 4.2 and 5.1). Numbers of listeners are given when the section ends.
 */
import type { Bind, BindTls } from '../../model/bind.ts';
import type { Word } from '../../model/word.ts';
import { expandPorts, parseAddressList, type ParsedAddress } from '../address.ts';
import { MUST_BE_ALLOWED } from '../experimental.ts';
import type { LineContext } from '../line-context.ts';
import { didYouMean } from '../nearest.ts';
import { withPrefix } from './argument.ts';
import { BIND_OPTIONS, findBindOption } from './bind-options.ts';
import type { BindDraft, Mutable } from './bind-draft.ts';

const NO_TLS: BindTls = { certificates: [], folder: '', verify: 'none' };

export function createBindDraft(listeners: number): BindDraft {
  const settings: BindDraft['settings'] = {
    maxconn: 0,
    backlog: 0,
    acceptProxy: false,
    transparent: false,
    v4v6: false,
    v6only: false,
    deferAccept: false,
    tfo: false,
    tcpUserTimeoutMs: 0,
    otherOptions: new Map(),
  };
  return { settings, id: undefined, useSsl: false, tls: { ...NO_TLS }, otherOptions: new Map(), listeners };
}

/** What only admin sockets have. */
export const OF_ADMIN_SOCKETS: ReadonlySet<string> = new Set(['expose-fd', 'level', 'severity-output']);

/** What only listeners of proxies have. */
export const OF_PROXIES: ReadonlySet<string> = new Set([
  'accept-netscaler-cip',
  'alpn',
  'cc',
  'guid-prefix',
  'idle-ping',
  'maxconn',
  'proto',
  'thread',
]);

/** What listeners have not that are neither of proxies nor admin sockets. */
export const OF_OTHERS: ReadonlySet<string> = new Set([...OF_PROXIES, ...OF_ADMIN_SOCKETS]);

/** Walks the options; stops at the first unknown one, as what follows cannot be understood. */
function readOptions(
  draft: BindDraft,
  words: readonly Word[],
  ignored: ReadonlySet<string> | undefined,
  context: LineContext,
): void {
  for (let index = 0; index < words.length;) {
    const option = words[index] as Word;
    const row = findBindOption(option.text);
    if (row === undefined) {
      const hint = didYouMean(
        option.text,
        BIND_OPTIONS.map(known => known.name),
      );
      context.alert(option, `unknown keyword '${option.text}'`, hint);
      return;
    }
    const value = row.words === 1 ? words[index + 1] : undefined;
    if (row.words === 1 && value === undefined) {
      context.alert(option, `'${option.text}' : missing value`);
      return;
    }
    row.parse({ bind: draft, option, value, context });
    if (ignored?.has(option.text) === true)
      context.warn(option, `'${option.text}' has no effect here, it is ignored.`);
    index += 1 + row.words;
  }
}

function makeBinds(draft: BindDraft, address: ParsedAddress, context: LineContext): Mutable<Bind>[] {
  return expandPorts(address).map(one => ({
    ...draft.settings,
    position: context.position,
    id: draft.id ?? 0,
    address: one,
    ...(address.transport === 'datagram' ? { datagram: true as const } : {}),
    written: address.written,
    otherOptions: draft.otherOptions,
    ...(draft.useSsl ? { ssl: draft.tls } : {}),
  }));
}

interface BindLineRules {
  /** `bind`, `stats socket`: what messages call the line. */
  readonly keyword: string;
  /** A port has to be written (not for admin sockets, which are mostly paths). */
  readonly port: 'optional' | 'required';
  /** Missing: stream. */
  readonly transport?: 'stream' | 'datagram';
  /** Options without an effect on such lines. */
  readonly ignored?: ReadonlySet<string>;
  /** `rhttp@` may be written. */
  readonly reverse?: true;
}

/** `rhttp@` is experimental, and only its listeners make connections. */
function checkReverse(
  draft: BindDraft,
  list: readonly ParsedAddress[],
  where: Word,
  context: LineContext,
): void {
  const { settings } = draft;
  const isReverse = ({ address }: ParsedAddress): boolean => address.kind === 'reverse';
  if (list.some(isReverse) && !context.useExperimental())
    context.alert(where, `'rhttp@' is experimental, ${MUST_BE_ALLOWED}.`);
  if (settings.connections !== undefined && !list.every(isReverse))
    context.alert(where, `'nbconn' is for addresses 'rhttp@<backend>/<server>' only.`);
  if (list.some(isReverse)) asReverse(draft, where, context);
}

/** What connections begin with is said by the server that they are made to. */
function asReverse(draft: BindDraft, where: Word, context: LineContext): void {
  const { settings, otherOptions } = draft;
  const { namespace: _namespace, md5Signature: _md5Signature, ...others } = settings;
  const ignored = [
    ...(otherOptions.delete('accept-netscaler-cip') ? ['accept-netscaler-cip'] : []),
    ...(settings.acceptProxy ? ['accept-proxy'] : []),
    ...(settings.namespace === undefined ? [] : ['namespace']),
    ...(settings.md5Signature === undefined ? [] : ['tcp-md5sig']),
    ...(draft.useSsl ? ['ssl'] : []),
  ];
  for (const name of ignored)
    context.warn(where, `'${name}' has no effect here: connections are made as their server's line says.`);
  draft.useSsl = false;
  draft.settings = { ...others, acceptProxy: false, proto: settings.proto ?? 'h2' };
}

/** HTTP/3 is an offer beside TLS over TCP: clients that cannot have it do without, and nothing else may stand at its place. */
function withoutQuic(
  list: readonly ParsedAddress[],
  where: Word,
  context: LineContext,
): readonly ParsedAddress[] {
  const served = list.filter(({ quic }) => !quic);
  if (served.length < list.length) context.warn(where, 'QUIC is not supported, nothing listens there.');
  return served;
}

/** `words`: the address list, then options. Listeners without a number have id 0. */
export function readBindLine(
  words: readonly Word[],
  rules: BindLineRules,
  context: LineContext,
): readonly Mutable<Bind>[] {
  const [where, ...options] = words;
  if (where === undefined) return [];
  const list = parseAddressList(where.text, {
    port: rules.port,
    portRange: true,
    ...(rules.transport === undefined ? {} : { transport: rules.transport, accepts: [rules.transport] }),
    ...(rules.reverse === true ? { reverse: 'of a server' } : {}),
    environment: context.environment,
  });
  if (list.error !== undefined) {
    context.alert(where, `'${rules.keyword}' : ${list.error}`);
    return [];
  }
  const listeners = list.value.reduce((sum, one) => sum + expandPorts(one).length, 0);
  const draft = createBindDraft(listeners);
  const prefix = `'${rules.keyword} ${where.text}' in section '${context.section}'`;
  readOptions(draft, options, rules.ignored, withPrefix(context, prefix));
  checkReverse(draft, list.value, where, withPrefix(context, prefix));
  return withoutQuic(list.value, where, withPrefix(context, prefix)).flatMap(one =>
    makeBinds(draft, one, context),
  );
}
