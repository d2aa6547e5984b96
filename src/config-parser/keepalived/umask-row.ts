/** `umask` of global_defs: a number as C reads it (022, 0x12, 18), or bits (`IWGRP | IWOTH`) as in umask(2). */
import type { KeepalivedKeyword } from './keyword.ts';

const BITS: Readonly<Record<string, number>> = {
  IRUSR: 0o400,
  IWUSR: 0o200,
  IXUSR: 0o100,
  IRGRP: 0o040,
  IWGRP: 0o020,
  IXGRP: 0o010,
  IROTH: 0o004,
  IWOTH: 0o002,
  IXOTH: 0o001,
};
const EVERY_BIT = 0o777;

export const UMASK: KeepalivedKeyword<{ umask?: number }> = {
  name: 'umask',
  args: '<NUMBER>|<BIT>[|<BIT>...]',
  least: 1,
  summary: 'what may not be done with files that are created',
  parse: (draft, { words, position }, { report }) => {
    const text = words.map(word => word.text).join('');
    const mask = numberOf(text) ?? bitsOf(text);
    if (mask === undefined) report.warn(position, `invalid umask '${text}' - ignoring`);
    else draft.umask = mask;
  },
};

function numberOf(text: string): number | undefined {
  const value = /^0[0-7]+$/.test(text) ? parseInt(text, 8) : Number(text);
  return /^\d/.test(text) && Number.isInteger(value) && value <= EVERY_BIT ? value : undefined;
}

function bitsOf(text: string): number | undefined {
  const bits = text.split('|').map(name => (Object.hasOwn(BITS, name) ? BITS[name] : undefined));
  return bits.reduce((sum, bit) => (sum === undefined || bit === undefined ? undefined : sum | bit), 0);
}
