/** Providers of OpenSSL (manual, section 3.1) are loaded in the order of their lines, before any certificate is read. */
import type { Config } from '../../model/config.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { describeSystemError } from '../../base/system-error.ts';
import { loadProvider, lookForProvidersIn, preferAlgorithms } from '../../net/tls/providers.ts';

const STEPS: Readonly<Record<string, (text: string) => string | undefined>> = {
  'ssl-provider': name => {
    const trouble = loadProvider(name);
    return trouble === undefined ? undefined : `unknown provider '${name}' (${trouble}).`;
  },
  'ssl-provider-path': folder => {
    lookForProvidersIn(folder);
    return undefined;
  },
  'ssl-propquery': query => {
    const trouble = preferAlgorithms(query);
    return trouble === undefined ? undefined : `'${query}' cannot be used: ${trouble}.`;
  },
};

export function loadProviders({ global }: Pick<Config, 'global'>): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const [keyword, word] of global.otherLines) {
    const step = STEPS[keyword?.text ?? ''];
    if (keyword === undefined || word === undefined || step === undefined) continue;
    const trouble = attempt(() => step(word.text));
    if (trouble !== undefined)
      found.push({
        severity: 'alert',
        position: word.position,
        message: `'${keyword.text}' : ${trouble}`,
      });
  }
  return found;
}

function attempt(run: () => string | undefined): string | undefined {
  try {
    return run();
  } catch (error) {
    return `this Node does not let its OpenSSL be called: ${describeSystemError(error)}`;
  }
}
