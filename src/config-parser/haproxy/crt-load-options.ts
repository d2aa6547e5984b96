/**
 * What `load` lines of a `crt-store`, lines of a crt-list and `ssl-f-use` say of the files of one certificate (manual,
 * section 12.7.1).
 */
export interface CertificateLoad {
  readonly crt?: string;
  readonly key?: string;
  readonly ocsp?: string;
  readonly issuer?: string;
  readonly sctl?: string;
  readonly ocspUpdate?: 'on' | 'off';
  readonly jwt?: 'on' | 'off';
  /** Name of the section that says how to get it. */
  readonly acme?: string;
  /** With commas between them. */
  readonly domains?: string;
  readonly ips?: string;
  readonly generateDummy?: 'on' | 'off';
  readonly keytype?: string;
  readonly bits?: string;
  readonly curves?: string;
}

export type LoadDraft = { -readonly [Name in keyof CertificateLoad]: CertificateLoad[Name] };

const FILES: ReadonlySet<string> = new Set(['crt', 'key', 'ocsp', 'issuer', 'sctl']);
const SWITCHES: ReadonlyMap<string, 'ocspUpdate' | 'jwt' | 'generateDummy'> = new Map([
  ['ocsp-update', 'ocspUpdate'],
  ['jwt', 'jwt'],
  ['generate-dummy', 'generateDummy'],
]);
/** Who certificates are got from, or how one is made here. */
const MAKING: ReadonlyMap<string, 'acme' | 'domains' | 'ips' | 'keytype' | 'bits' | 'curves'> = new Map(
  (['acme', 'domains', 'ips', 'keytype', 'bits', 'curves'] as const).map(name => [name, name]),
);

export function isLoadOption(word: string): boolean {
  return FILES.has(word) || SWITCHES.has(word) || MAKING.has(word);
}

/** Takes one option and its value; answers what is wrong with them. */
export function readLoadOption(load: LoadDraft, option: string, value: string): string | undefined {
  const name = SWITCHES.get(option);
  if (name !== undefined) {
    if (value !== 'on' && value !== 'off')
      return `cannot parse '${option}' value '${value}', 'on' or 'off' is expected.`;
    load[name] = value;
    return undefined;
  }
  load[MAKING.get(option) ?? (option as 'crt' | 'key' | 'ocsp' | 'issuer' | 'sctl')] = value;
  return undefined;
}
