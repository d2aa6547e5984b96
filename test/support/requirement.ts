/**
 * What a test needs beyond Node: where it is missing the test is skipped with a reason, unless
 * LB_TEST_REQUIRE_ALL=1 says that it must be there.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'node:test';
import { probeUring } from '../../src/net/engines/uring/probe.ts';

/** `root`, `io_uring` that the ring engine can use, or a program in PATH. */
type Requirement =
  | 'ab'
  | 'bridge'
  | 'check_haproxy'
  | 'check_haproxy_stats'
  | 'chromium'
  | 'curl'
  | 'halog'
  | 'haproxy'
  | 'haproxy_log_analysis'
  | 'initdb'
  | 'io_uring'
  | 'h2load'
  | 'hatop'
  | 'ip'
  | 'keepalived'
  | 'mariadbd'
  | 'mysql'
  | 'nghttp'
  | 'nft'
  | 'nginx'
  | 'openssl'
  | 'pebble'
  | 'prometheus-haproxy-exporter'
  | 'promtool'
  | 'psql'
  | 'redis-benchmark'
  | 'redis-cli'
  | 'redis-server'
  | 'root'
  | 'slapd'
  | 'smtpd'
  | 'script'
  | 'socat'
  | 'ss'
  | 'taskset'
  | 'varnishd'
  | 'wrk';

const NAGIOS_PLUGINS = '/usr/lib/nagios/plugins';

/** True: go on. False: the test was skipped. */
export function requires(t: TestContext, ...requirements: readonly Requirement[]): boolean {
  const missing = requirements.filter(requirement => !isMet(requirement));
  if (missing.length === 0) return true;
  if (process.env['LB_TEST_REQUIRE_ALL'] === '1') throw new Error(`${missing.join(', ')} is missing`);
  t.skip(`needs ${missing.join(', ')}`);
  return false;
}

function isMet(requirement: Requirement): boolean {
  if (requirement === 'root') return process.getuid?.() === 0;
  if (requirement === 'io_uring') return probeUring().usable;
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', NAGIOS_PLUGINS];
  return folders.some(folder => {
    try {
      accessSync(join(folder, requirement), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
