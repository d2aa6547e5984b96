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
}

export type LoadDraft = { -readonly [Name in keyof CertificateLoad]: CertificateLoad[Name] };

const FILES: ReadonlySet<string> = new Set(['crt', 'key', 'ocsp', 'issuer', 'sctl']);
const SWITCHES: ReadonlyMap<string, 'ocspUpdate' | 'jwt'> = new Map([
  ['ocsp-update', 'ocspUpdate'],
  ['jwt', 'jwt'],
]);
/** Words of what makes certificates: this program asks no authority for them. */
const MAKING: ReadonlySet<string> = new Set([
  'acme',
  'domains',
  'ips',
  'generate-dummy',
  'keytype',
  'bits',
  'curves',
]);

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
  if (MAKING.has(option)) return `'${option}': certificates are not made by this program.`;
  load[option as 'crt' | 'key' | 'ocsp' | 'issuer' | 'sctl'] = value;
  return undefined;
}
