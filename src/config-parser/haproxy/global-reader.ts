/** Opens `global` sections; several add up. */
import type { SectionOpener } from '../config-draft.ts';
import { applyLine, createKeywordIndex } from '../keyword-index.ts';
import { GLOBAL_ENVIRONMENT_KEYWORDS } from './global-environment.ts';
import { GLOBAL_HTTP_KEYWORDS } from './global-http.ts';
import { GLOBAL_LIMIT_KEYWORDS } from './global-limits.ts';
import { GLOBAL_PROCESS_KEYWORDS } from './global-process.ts';
import { GLOBAL_LOG_KEYWORDS } from './global-logs.ts';
import type { GlobalKeyword } from './global-rows.ts';
import { GLOBAL_TLS_KEYWORDS } from './global-tls.ts';
import { GLOBAL_TUNE_KEYWORDS } from './global-tune.ts';
import { keywordOf, misreadKeyword } from './misread.ts';
import { refuseSectionName } from './section-name.ts';

export const GLOBAL_KEYWORDS: readonly GlobalKeyword[] = [
  ...GLOBAL_PROCESS_KEYWORDS,
  ...GLOBAL_LIMIT_KEYWORDS,
  ...GLOBAL_ENVIRONMENT_KEYWORDS,
  ...GLOBAL_LOG_KEYWORDS,
  ...GLOBAL_HTTP_KEYWORDS,
  ...GLOBAL_TLS_KEYWORDS,
  ...GLOBAL_TUNE_KEYWORDS,
];

export const GLOBAL_INDEX = createKeywordIndex(GLOBAL_KEYWORDS);

export const openGlobal: SectionOpener = (words, config, context) => {
  refuseSectionName(words, context);
  if (config.proxies.length > 0 || config.defaults.last !== undefined)
    context.diag(
      context.position,
      'global section detected after a non-global one, the prevalence of their statements is unspecified',
    );
  const { global } = config;
  return {
    line: (line, at) => {
      if (!applyLine(GLOBAL_INDEX, global, line, at)) global.misread.add(misreadKeyword(keywordOf(line)));
      if (global.flags.has('expose-experimental-directives')) at.experimentalSince ??= at.position;
      at.deprecatedAllowed = global.flags.has('expose-deprecated-directives');
      at.defaultPath = global.pathMode;
    },
    end: () => undefined,
  };
};
