/** `ca-ignore-err` and `crt-ignore-err`: numbers and names of OpenSSL's verification errors (manual, section 5.1). */
import { verificationName, verificationNumber } from '../../base/x509-verification.ts';
import type { BindOptionLine } from './bind-draft.ts';

function isError(word: string): boolean {
  if (/^\d{1,3}$/.test(word)) return Number(word) > 0 && verificationName(Number(word)) !== undefined;
  return (verificationNumber(word) ?? 0) > 0;
}

export function parseIgnoredErrors({ bind, option, value, context }: BindOptionLine): void {
  const list = value?.text ?? '';
  const unknown = list.split(',').find(word => !isError(word));
  if (list === 'all' || unknown === undefined) bind.otherOptions.set(option.text, [list]);
  else {
    const expects = `expects 'all', or numbers and names of verification errors (X509_V_ERR_...)`;
    context.alert(value ?? option, `'${option.text}' : ${expects}, found '${unknown}' in '${list}'`);
  }
}
