/** The files that requests of this program's own rely on (manual, section 3.1, `httpclient.ssl.ca-file`) can be read. */
import { httpClientSettings } from '../../certificates/http-client-settings.ts';
import type { Config } from '../../model/config.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';

export function checkHttpClient(config: Pick<Config, 'global' | 'otherSections'>): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  httpClientSettings(config, mistake => found.push({ severity: 'alert', ...mistake }));
  return found;
}
