/** Checks of servers, told by the source `check` of traces. */
import type { CheckWatcher } from '../../health/check-watcher.ts';
import type { LifeServer } from '../../health/life-server.ts';
import { describeReport } from '../../health/status.ts';
import { checkStatus } from '../../model/check-status.ts';
import { STATE, USER } from '../../traces/source.ts';
import { TRACE_SOURCE_TABLE } from '../../traces/sources.ts';
import { tracePoint, type TracePoint } from '../../traces/trace-point.ts';
import type { Tracer } from '../../traces/tracer.ts';

const { check } = TRACE_SOURCE_TABLE;

const BEGINS = tracePoint(check, STATE, ['hchck_start', 'hchck_run'], 'begin', 'check begins');
const CONNECTED = tracePoint(
  check,
  STATE,
  ['hchck_run', 'tcp_check_conn'],
  'onConnected',
  'check is connected',
);
const PASSED = tracePoint(check, USER, ['hchck_succ', 'hchck_end'], 'onFound', 'check has passed');
const FAILED = tracePoint(check, USER, ['hchck_err', 'hchck_end'], 'onFound', 'check has failed');

export function traceChecks(tracer: Tracer): CheckWatcher {
  const tell = (point: TracePoint, server: LifeServer, kind: string, found = ''): void => {
    const { row, backend, proxy, config } = server;
    tracer.tell(point, { server: row, backend }, () => `${kind} of ${proxy.name}/${config.name}${found}`);
  };
  return {
    begins: (server, kind) => tell(BEGINS, server, kind),
    connected: (server, kind) => tell(CONNECTED, server, kind),
    found: (server, kind, report) => {
      const hasFailed = checkStatus(report.status).outcome === 'failed';
      tell(hasFailed ? FAILED : PASSED, server, kind, describeReport(report));
    },
  };
}
