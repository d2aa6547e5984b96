/**
 * The words behind `lb haterm`, as the configuration they stand for (HAProxy's haterm.txt, "Execution"). main.ts serves
 * that as if it were read from a file.
 */
import { parsed, refused, type Parsed } from './parsed.ts';

interface HatermCommand {
  readonly action: 'run' | 'dump' | 'version' | 'help';
  /** The configuration. */
  readonly text: string;
  /** What the program itself is started with, beside its file. */
  readonly options: readonly string[];
  readonly warnings: readonly string[];
}

export const HATERM_USAGE = [
  'Usage : haterm -L [<ip>]:<port>[:<TLS port>] [-L ...]* [options]',
  '        serves what the query of each request asks for; ask for /? to hear more.',
  '        -G <line>                 adds a line to the section global (repeatable)',
  '        -F <line>                 adds a line to the frontend (repeatable)',
  '        -T <line>                 adds a line to the section traces (repeatable)',
  '        -C                        prints the configuration and ends',
  '        -D                        goes to the background',
  '        -b <bits>                 size of the RSA key (default 2048)',
  '        -c <curve>                makes an ECDSA key, on this curve',
  '        -v                        prints the version',
  '        -h                        prints this text',
  '        -d                        traces everything of HTTP to standard error',
  '        --tcp-bind-opts <words>   adds words to every bind line',
  '        --quic-bind-opts <words>  is of no use: there is no QUIC',
  '',
].join('\n');

interface Draft {
  action: HatermCommand['action'];
  listeners: { readonly plain: string; readonly tls: string | undefined }[];
  global: string[];
  frontend: string[];
  traces: string[];
  options: string[];
  warnings: string[];
  bits: string | undefined;
  curves: string | undefined;
  bindWords: string;
}

type Take = (draft: Draft, value: string) => string | undefined;

/** `\n` and `\t` in lines are what they are elsewhere. */
function written(line: string): string {
  return `\t${line.replaceAll('\\n', '\n').replaceAll('\\t', '\t')}`;
}

function addTo(section: 'global' | 'frontend' | 'traces'): Take {
  return (draft, line) => {
    draft[section].push(written(line));
    return undefined;
  };
}

const ADDRESS = /^(\[[^\]]*\]|[^:[\]]*):(\d{1,5})(?::(\d{1,5}))?$/;

function addListener(draft: Draft, text: string): string | undefined {
  const [, ip, port, tlsPort] = ADDRESS.exec(text) ?? [];
  if (port === undefined) return `-L ${text}: expects [<ip>]:<port>[:<TLS port>]`;
  const tls = tlsPort === undefined ? undefined : `${ip}:${tlsPort}`;
  draft.listeners.push({ plain: `${ip}:${port}`, tls });
  return undefined;
}

const WITH_VALUE: Readonly<Record<string, Take>> = {
  '-L': addListener,
  '-G': addTo('global'),
  '-F': addTo('frontend'),
  '-T': addTo('traces'),
  '-b': (draft, bits) => void (draft.bits = bits),
  '-c': (draft, curves) => void (draft.curves = curves),
  '--tcp-bind-opts': (draft, words) => void (draft.bindWords = ` ${words}`),
  '--quic-bind-opts': draft => void draft.warnings.push(`'--quic-bind-opts' is ignored: there is no QUIC.`),
};

const ALONE: Readonly<Record<string, (draft: Draft) => void>> = {
  '-C': draft => void (draft.action = 'dump'),
  '-h': draft => void (draft.action = 'help'),
  '--help': draft => void (draft.action = 'help'),
  '-v': draft => void (draft.action = 'version'),
  '-D': draft => void draft.options.push('-D'),
  '-db': draft => void draft.options.push('-db'),
  '-d': draft =>
    draft.traces.push(
      ...['h1', 'h2'].map(source => written(`trace ${source} sink stderr level developer start now`)),
    ),
};

export function parseHatermCommand(args: readonly string[]): Parsed<HatermCommand> {
  const draft: Draft = {
    action: 'run',
    listeners: [],
    global: [],
    frontend: [],
    traces: [],
    options: [],
    warnings: [],
    bits: undefined,
    curves: undefined,
    bindWords: '',
  };
  for (let at = 0; at < args.length; at++) {
    const wrong = take(draft, args[at] as string, args[at + 1]);
    if (wrong !== undefined) return refused(wrong);
    if (Object.hasOwn(WITH_VALUE, args[at] as string)) at++;
  }
  const listens = draft.action === 'run' || draft.action === 'dump';
  if (listens && draft.listeners.length === 0) return refused('no address, see -L');
  const { action, options, warnings } = draft;
  return parsed({ action, options, warnings, text: configurationOf(draft) });
}

function take(draft: Draft, option: string, value: string | undefined): string | undefined {
  const alone = Object.hasOwn(ALONE, option) ? ALONE[option] : undefined;
  const withValue = Object.hasOwn(WITH_VALUE, option) ? WITH_VALUE[option] : undefined;
  if (alone !== undefined) alone(draft);
  else if (withValue === undefined) return `unknown option '${option}'`;
  else if (value === undefined) return `${option} expects an argument`;
  else return withValue(draft, value);
  return undefined;
}

/** A certificate made at the start, signed by itself. */
const CERTIFICATE = '@haterm/haterm.pem';

function configurationOf(draft: Draft): string {
  const { listeners, global, frontend, traces, bindWords } = draft;
  const isSecure = listeners.some(({ tls }) => tls !== undefined);
  const binds = listeners.flatMap(({ plain, tls }) => [
    `\tbind ${plain}${bindWords}`,
    ...(tls === undefined ? [] : [`\tbind ${tls} ssl crt ${CERTIFICATE} alpn h2,http/1.1${bindWords}`]),
  ]);
  const sections = [
    ['global', ...global],
    ...(isSecure ? [['crt-store haterm', `\tload crt haterm.pem generate-dummy on ${keyOf(draft)}`]] : []),
    ['frontend haterm', '\tmode haterm', '\ttimeout client 25s', ...binds, ...frontend],
    ...(traces.length > 0 ? [['traces', ...traces]] : []),
  ];
  return `${sections.map(lines => lines.join('\n')).join('\n\n')}\n`;
}

function keyOf({ bits, curves }: Draft): string {
  return curves === undefined ? `keytype RSA bits ${bits ?? 2048}` : `keytype ECDSA curves ${curves}`;
}
