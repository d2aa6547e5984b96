/** How each kind of checker tries; and what of checkers is not done here, to be told at load. */
import { readNumber } from '../../base/number-file.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { KeepalivedConfig } from '../../model/keepalived.ts';
import type { ScriptCommand } from '../../model/script-command.ts';
import type { Checker, CheckerKind, VirtualServer } from '../../model/virtual-server.ts';
import { troubleOf } from './body-regex.ts';
import { bad, GOOD, type Check, type CheckResult } from './check.ts';
import { checkDns, checkUdp } from './datagram-checks.ts';
import { httpCheck } from './http-check.ts';
import { checkPing } from './ping-check.ts';
import { checkSmtp, checkTcp } from './stream-checks.ts';

/** The exit code, or why there is none. */
export type RunScript = (command: ScriptCommand, signal?: AbortSignal) => Promise<number | string>;

/** Missing: it is not run, and nothing is held against its server. */
export type Checks = Partial<Readonly<Record<CheckerKind, Check>>>;

export function checksOf(
  ssl: KeepalivedConfig['ssl'],
  trackFiles: KeepalivedConfig['trackFiles'],
  runScript: RunScript,
): Checks {
  const http = httpCheck(ssl);
  return {
    TCP_CHECK: checkTcp,
    SMTP_CHECK: checkSmtp,
    HTTP_GET: http,
    SSL_GET: http,
    DNS_CHECK: checkDns,
    UDP_CHECK: checkUdp,
    PING_CHECK: checkPing,
    FILE_CHECK: checker => Promise.resolve(checkFile(checker, trackFiles)),
    MISC_CHECK: (checker, signal) => checkByScript(checker, runScript, signal),
  };
}

/** Of a file: it has been there before anybody asks. */
export function resultAtOnce(
  checker: Checker,
  trackFiles: KeepalivedConfig['trackFiles'],
): CheckResult | undefined {
  return checker.kind === 'FILE_CHECK' ? checkFile(checker, trackFiles) : undefined;
}

/**
 * With a weight of 0 a number other than 0 is a failure; with another one it is added so many times to the server's. The
 * file has a weight, a checker may say another one.
 */
function checkFile({ file }: Checker, trackFiles: KeepalivedConfig['trackFiles']): CheckResult {
  const tracked = trackFiles.find(({ name }) => name === file?.trackFile);
  if (file === undefined || tracked === undefined) return GOOD;
  const { weight, reverse } = file.weight ?? tracked;
  const value = readNumber(tracked.file);
  if (weight !== 0) return { ok: true, added: value * (reverse ? -weight : weight) };
  return (value !== 0) === reverse ? GOOD : bad(`${tracked.file} says ${value}`);
}

/** 0 is good; with `misc_dynamic` all others but 1 are, and say the weight. */
async function checkByScript(
  { misc }: Checker,
  runScript: RunScript,
  signal: AbortSignal,
): Promise<CheckResult> {
  if (misc === undefined) return GOOD;
  const code = await runScript(misc.script, signal);
  if (typeof code === 'string') return bad(code);
  if (code === 0) return GOOD;
  return misc.dynamic && code > 1 ? { ok: true, weight: code - 2 } : bad(`exit status ${code}`);
}

export function tellUnchecked(
  servers: readonly VirtualServer[],
  trackFiles: KeepalivedConfig['trackFiles'],
): Diagnostic[] {
  return servers
    .flatMap(({ realServers }) => realServers.flatMap(({ checkers }) => checkers))
    .flatMap(checker =>
      unchecked(checker, trackFiles).map(message => ({
        severity: 'warning' as const,
        position: checker.position,
        message,
      })),
    );
}

function unchecked({ http, file }: Checker, trackFiles: KeepalivedConfig['trackFiles']): string[] {
  const urls = http?.urls ?? [];
  return [
    ...(file === undefined || trackFiles.some(({ name }) => name === file.trackFile)
      ? []
      : [`track_file ${file.trackFile} not found, nothing is held against the server`]),
    ...urls.flatMap(troubleOf),
  ];
}
