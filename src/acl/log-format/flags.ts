/** Output flags of log-format items: `%{+Q,-E}name` (manual, section 8.2.6). */

export interface OutputFlags {
  /** `M`: an empty value is shown as `-`. */
  readonly mandatory: boolean;
  /** `Q` */
  readonly quote: boolean;
  /** `X` */
  readonly hexadecimal: boolean;
  /** `E`: `"`, `\` and `]` get a backslash (RFC 5424, section 6.3.3). */
  readonly escape: boolean;
  /** `bin` */
  readonly binary: boolean;
  readonly encoding: 'none' | 'json' | 'cbor';
  /** Bytes that HTTP forbids are percent-encoded. */
  readonly http: boolean;
}

export const NO_FLAGS: OutputFlags = {
  mandatory: false,
  quote: false,
  hexadecimal: false,
  escape: false,
  binary: false,
  encoding: 'none',
  http: false,
};

/** Those of a log line nobody set flags in. */
export function isUsual(flags: OutputFlags): boolean {
  const { mandatory, quote, hexadecimal, escape, encoding, http } = flags;
  return mandatory && !quote && !hexadecimal && !escape && encoding === 'none' && !http;
}

/** Applies `+Q,-E`; unknown words change nothing, and the first encoding wins. */
export function applyFlags(flags: OutputFlags, text: string | null): OutputFlags {
  let result = flags;
  for (const word of (text ?? '').split(',')) {
    const match = /([+-])([^+-]*)$/.exec(word);
    if (match !== null) result = applyFlag(result, match[2] as string, match[1] === '+');
  }
  return result;
}

function applyFlag(flags: OutputFlags, name: string, on: boolean): OutputFlags {
  switch (name) {
    case 'M':
      return { ...flags, mandatory: on };
    case 'Q':
      return { ...flags, quote: on };
    case 'X':
      return { ...flags, hexadecimal: on };
    case 'E':
      return { ...flags, escape: on };
    case 'bin':
      return { ...flags, binary: on };
    case 'json':
    case 'cbor':
      if (on) return flags.encoding === 'none' ? { ...flags, encoding: name } : flags;
      return flags.encoding === name ? { ...flags, encoding: 'none' } : flags;
    default:
      return flags;
  }
}

/** What all `%o` items agree on: it holds for the whole string. */
export function commonFlags(a: OutputFlags, b: OutputFlags): OutputFlags {
  return {
    mandatory: a.mandatory && b.mandatory,
    quote: a.quote && b.quote,
    hexadecimal: a.hexadecimal && b.hexadecimal,
    escape: a.escape && b.escape,
    binary: a.binary && b.binary,
    encoding: a.encoding === b.encoding ? a.encoding : 'none',
    http: a.http && b.http,
  };
}

/** An item's flags under those of the whole string: encodings do not mix, and HTTP output is never encoded. */
export function settleFlags(own: OutputFlags, whole: OutputFlags): OutputFlags {
  const encoding = whole.encoding === 'none' ? own.encoding : whole.encoding;
  const settled = { ...own, binary: whole.binary, encoding: own.http ? ('none' as const) : encoding };
  return settled.encoding === 'none' ? settled : { ...settled, escape: false };
}
