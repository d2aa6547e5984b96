/**
 * The options of the program, those of HAProxy (management guide, section 3) and a few of its own, as one typed
 * value. main.ts acts on it; nothing is read or printed here.
 */
import type { CommandLineSettings } from './parse.ts';
import { parsed, refused } from './parsed.ts';
import type { Parsed } from './parsed.ts';

type Action =
  | { readonly kind: 'run' | 'check' | 'help' | 'version' | 'build-details' }
  /** `-vq`, `-vqs`, `-vqb`: bare numbers for scripts. */
  | { readonly kind: 'bare-version'; readonly what: 'full' | 'short' | 'branch' }
  | { readonly kind: 'condition'; readonly expression: string };

export interface Options {
  readonly action: Action;
  /** `-f` and behind `--`, files and folders. */
  readonly files: readonly string[];
  /** `-k`, and `-f` of a file named like one. */
  readonly keepalivedFiles: readonly string[];
  /** `-i`: which lines of keepalived.conf with `@<id>` count; missing: those of the host's name. */
  readonly configId?: string;
  /** `-C` */
  readonly directory?: string;
  /** `-D` */
  readonly daemon: boolean;
  /** `-db`: no background, no master. */
  readonly foreground: boolean;
  /** `-d` */
  readonly debug: boolean;
  /** `-q` */
  readonly quiet: boolean;
  /** `-V` */
  readonly verbose: boolean;
  /** `-W`, `-Ws` */
  readonly masterWorker: boolean;
  readonly systemd: boolean;
  /** `-S`, each as written: `<bind>[,<option>...]`. */
  readonly masterSockets: readonly string[];
  /** `-sf`, `-st` */
  readonly oldProcesses?: { readonly signal: 'SIGUSR1' | 'SIGTERM'; readonly pids: readonly number[] };
  /** `-x` */
  readonly oldSocket?: string;
  /** `-p` */
  readonly pidfile?: string;
  /** `-n` */
  readonly maxconn?: number;
  /** `-N` */
  readonly proxyMaxconn?: number;
  /** `-m` */
  readonly memoryLimitMb?: number;
  /** `-L` */
  readonly localpeer?: string;
  /** `-4` */
  readonly ipv4Only: boolean;
  /** `-dW` */
  readonly warningsAreFatal: boolean;
  /** `-dD` */
  readonly showDiag: boolean;
  /** `-dr` */
  readonly ignoreUnresolvable: boolean;
  /** `-dV` */
  readonly noServerVerify: boolean;
  /** `-dK<class>[,<class>...]` */
  readonly dumpKeywords?: readonly string[];
  /** `-dC[[<key>],line]` */
  readonly dumpConfig?: { readonly key: number; readonly lineNumbers: boolean };
  /** `-dL` */
  readonly dumpLibraries: boolean;
  /** `-dt` */
  readonly traces: readonly string[];
  /** The other `-d` options by their letter: `e`, `p`, `R`, `F`, `I`, `Z`, ... */
  readonly debugLetters: ReadonlySet<string>;
}

/** What the files are read with. */
export function loadSettings(
  options: Options,
): CommandLineSettings & { readonly ignoreUnresolvable: boolean } {
  const { localpeer, noServerVerify, ipv4Only, ignoreUnresolvable, debugLetters } = options;
  return {
    ...(localpeer !== undefined && { localpeer }),
    noServerVerify,
    ipv4Only,
    ignoreUnresolvable,
    noReusePort: debugLetters.has('R'),
    noSplice: debugLetters.has('S') || debugLetters.has('F'),
  };
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Draft extends Omit<
  Mutable<Options>,
  'files' | 'keepalivedFiles' | 'masterSockets' | 'traces' | 'debugLetters'
> {
  readonly files: string[];
  readonly keepalivedFiles: string[];
  readonly masterSockets: string[];
  readonly traces: string[];
  readonly debugLetters: Set<string>;
}

/** The arguments still to read. */
class Arguments {
  private index = 0;
  private readonly list: readonly string[];

  constructor(list: readonly string[]) {
    this.list = list;
  }

  next(): string | undefined {
    return this.list[this.index++];
  }

  peek(): string | undefined {
    return this.list[this.index];
  }
}

/** Answers what is wrong, or nothing. */
type OptionHandler = (draft: Draft, args: Arguments, option: string) => string | undefined;

function addFile(draft: Draft, path: string): void {
  if (path.endsWith('keepalived.conf')) draft.keepalivedFiles.push(path);
  else draft.files.push(path);
}

function withValue(take: (draft: Draft, value: string) => string | undefined | void): OptionHandler {
  return (draft, args, option) => {
    const value = args.next();
    return value === undefined ? `${option} expects an argument` : (take(draft, value) ?? undefined);
  };
}

function withNumber(name: 'maxconn' | 'proxyMaxconn' | 'memoryLimitMb'): OptionHandler {
  return (draft, args, option) => {
    const value = args.next();
    if (value === undefined || !/^\d{1,10}$/.test(value))
      return `${option} expects a number, found '${value ?? ''}'`;
    draft[name] = Number(value);
    return undefined;
  };
}

function withText(name: 'configId' | 'directory' | 'pidfile' | 'localpeer' | 'oldSocket'): OptionHandler {
  return withValue((draft, value) => {
    draft[name] = value;
  });
}

type Switch = {
  [Key in keyof Draft]-?: Draft[Key] extends boolean ? Key : never;
}[keyof Draft];

function turnOn(...names: readonly Switch[]): OptionHandler {
  return draft => {
    for (const name of names) draft[name] = true;
    return undefined;
  };
}

/** Process numbers up to the next option; there may be none. */
function oldProcesses(signal: 'SIGUSR1' | 'SIGTERM'): OptionHandler {
  return (draft, args, option) => {
    const pids = [...(draft.oldProcesses?.pids ?? [])];
    for (let next = args.peek(); next !== undefined && !next.startsWith('-'); next = args.peek()) {
      if (!/^[1-9]\d{0,9}$/.test(next.trim())) return `${option} option: failed to parse {${next}}`;
      pids.push(Number(next));
      args.next();
    }
    draft.oldProcesses = { signal, pids };
    return undefined;
  };
}

const HANDLERS: Readonly<Record<string, OptionHandler>> = {
  '-f': withValue(addFile),
  '-k': withValue((draft, value) => {
    draft.keepalivedFiles.push(value);
  }),
  '--': (draft, args) => {
    for (let path = args.next(); path !== undefined; path = args.next()) addFile(draft, path);
    return undefined;
  },
  '-c': draft => {
    draft.action = { kind: 'check' };
    return undefined;
  },
  '-cc': withValue((draft, expression) => {
    draft.action = { kind: 'condition', expression };
  }),
  '-i': withText('configId'),
  '-C': withText('directory'),
  '-D': turnOn('daemon'),
  '-L': withText('localpeer'),
  '-N': withNumber('proxyMaxconn'),
  '-S': withValue((draft, value) => {
    draft.masterSockets.push(value);
  }),
  '-V': draft => {
    draft.verbose = true;
    draft.quiet = false;
    return undefined;
  },
  '-W': turnOn('masterWorker'),
  '-Ws': turnOn('masterWorker', 'systemd', 'foreground'),
  '-4': turnOn('ipv4Only'),
  '-d': turnOn('debug', 'foreground'),
  '-db': turnOn('foreground'),
  '-m': withNumber('memoryLimitMb'),
  '-n': withNumber('maxconn'),
  '-p': withText('pidfile'),
  '-q': turnOn('quiet'),
  '-sf': oldProcesses('SIGUSR1'),
  '-st': oldProcesses('SIGTERM'),
  '-x': withText('oldSocket'),
  '-dD': turnOn('showDiag'),
  '-dL': turnOn('dumpLibraries'),
  '-dV': turnOn('noServerVerify'),
  '-dW': turnOn('warningsAreFatal'),
  '-dr': turnOn('ignoreUnresolvable'),
};

/** What ends the reading, as in HAProxy. */
const ANSWERS: Readonly<Record<string, Action>> = {
  '-h': { kind: 'help' },
  '--help': { kind: 'help' },
  '-v': { kind: 'version' },
  '--version': { kind: 'version' },
  '-vv': { kind: 'build-details' },
  '-vq': { kind: 'bare-version', what: 'full' },
  '-vqs': { kind: 'bare-version', what: 'short' },
  '-vqb': { kind: 'bare-version', what: 'branch' },
};

/** `-dK<classes>`, `-dC<key>`, `-dt<trace>`: their argument is glued to them. */
const GLUED: readonly (readonly [prefix: string, (draft: Draft, value: string, args: Arguments) => void])[] =
  [
    ['-dK', (draft, value) => void (draft.dumpKeywords = value.split(',').filter(name => name !== ''))],
    [
      '-dC',
      (draft, value) => {
        const parts = value.split(',');
        draft.dumpConfig = {
          key: Number.parseInt(parts[0] ?? '', 10) || 0,
          lineNumbers: parts.includes('line'),
        };
      },
    ],
    [
      '-dt',
      (draft, value, args) => {
        const separate = value === '' && args.peek()?.startsWith('-') === false;
        draft.traces.push(separate ? (args.next() as string) : value);
      },
    ],
  ];

const DEBUG_LETTER = /^-d([AFGIMRSTZcekpv])/;

function readOption(draft: Draft, option: string, args: Arguments): string | undefined {
  const handler = Object.hasOwn(HANDLERS, option) ? HANDLERS[option] : undefined;
  if (handler !== undefined) return handler(draft, args, option);
  const glued = GLUED.find(([prefix]) => option.startsWith(prefix));
  if (glued !== undefined) {
    glued[1](draft, option.slice(3), args);
    return undefined;
  }
  const letter = DEBUG_LETTER.exec(option)?.[1];
  if (letter === undefined) return `unknown option '${option}'`;
  draft.debugLetters.add(letter);
  return undefined;
}

function createDraft(): Draft {
  return {
    action: { kind: 'run' },
    files: [],
    keepalivedFiles: [],
    daemon: false,
    foreground: false,
    debug: false,
    quiet: false,
    verbose: false,
    masterWorker: false,
    systemd: false,
    masterSockets: [],
    ipv4Only: false,
    warningsAreFatal: false,
    showDiag: false,
    ignoreUnresolvable: false,
    noServerVerify: false,
    dumpLibraries: false,
    traces: [],
    debugLetters: new Set(),
  };
}

/** Only these do something without a configuration. */
function needsFiles(draft: Draft): boolean {
  if (draft.action.kind !== 'run' && draft.action.kind !== 'check') return false;
  return draft.dumpKeywords === undefined;
}

/** `argv` without the program. */
export function parseCommandLine(argv: readonly string[]): Parsed<Options> {
  const draft = createDraft();
  const args = new Arguments(argv);
  for (let option = args.next(); option !== undefined; option = args.next()) {
    const action = Object.hasOwn(ANSWERS, option) ? ANSWERS[option] : undefined;
    if (action !== undefined) return parsed({ ...draft, action });
    if (!option.startsWith('-'))
      return refused(`unexpected argument '${option}': configuration files follow -f`);
    const error = readOption(draft, option, args);
    if (error !== undefined) return refused(error);
  }
  if (needsFiles(draft) && draft.files.length + draft.keepalivedFiles.length === 0)
    return refused('no configuration file: -f expects one');
  return parsed(draft);
}
