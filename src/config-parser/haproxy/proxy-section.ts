/**
 * Proxies: defaults, frontend, listen, backend (manual, section 4). The keyword table of these sections. A draft
 * begins with the section's header (proxy-draft.ts) and is finished when all files were read (proxy-finish.ts).
 */
import type { Keyword } from '../keyword.ts';
import { ACL_KEYWORDS } from './proxy-acl.ts';
import { BALANCE_KEYWORDS } from './proxy-balance.ts';
import { BIND_KEYWORDS } from './proxy-bind.ts';
import { CAPTURE_KEYWORDS } from './proxy-captures.ts';
import { CHECK_RULE_KEYWORDS } from './proxy-checks.ts';
import { COMPRESSION_KEYWORDS } from './proxy-compression.ts';
import { COOKIE_KEYWORDS } from './proxy-cookies.ts';
import type { ProxyDraft } from './proxy-draft.ts';
import { EMAIL_KEYWORDS } from './proxy-email.ts';
import { ERROR_KEYWORDS } from './proxy-errors.ts';
import { LOG_KEYWORDS } from './proxy-logs.ts';
import { MISC_KEYWORDS } from './proxy-misc.ts';
import { OPTION_KEYWORDS } from './proxy-options.ts';
import { REMOVED_KEYWORDS } from './proxy-removed.ts';
import { RULE_KEYWORDS } from './proxy-rules.ts';
import { SOURCE_KEYWORDS } from './proxy-source.ts';
import { STATS_KEYWORDS } from './proxy-stats.ts';
import { STICK_KEYWORDS } from './proxy-stick.ts';
import { TIMEOUT_KEYWORDS } from './proxy-timeouts.ts';
import { SERVER_KEYWORDS } from './server-line.ts';

export const PROXY_KEYWORDS: readonly Keyword<ProxyDraft>[] = [
  ...MISC_KEYWORDS,
  ...BIND_KEYWORDS,
  ...SERVER_KEYWORDS,
  ...TIMEOUT_KEYWORDS,
  ...OPTION_KEYWORDS,
  ...BALANCE_KEYWORDS,
  ...ACL_KEYWORDS,
  ...RULE_KEYWORDS,
  ...CAPTURE_KEYWORDS,
  ...COOKIE_KEYWORDS,
  ...CHECK_RULE_KEYWORDS,
  ...ERROR_KEYWORDS,
  ...LOG_KEYWORDS,
  ...STATS_KEYWORDS,
  ...COMPRESSION_KEYWORDS,
  ...EMAIL_KEYWORDS,
  ...STICK_KEYWORDS,
  ...SOURCE_KEYWORDS,
  ...REMOVED_KEYWORDS,
];
