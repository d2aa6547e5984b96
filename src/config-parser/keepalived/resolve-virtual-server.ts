/** A `virtual_server` block with its defaults, and what its real servers and their checkers inherit. */
import type { Position } from '../../model/diagnostic.ts';
import type { RealServer, SorryServer, VirtualServer, VirtualService } from '../../model/virtual-server.ts';
import type { Statement } from './block.ts';
import type { CheckDefaults } from './checkers/check-defaults.ts';
import { judgeConnection } from './checkers/judge-connection.ts';
import { resolveChecker } from './checkers/resolve-checker.ts';
import type { GlobalDraft } from './global-defs.ts';
import type { RealServerDraft } from './real-server.ts';
import type { Scope } from './scope.ts';
import { parseService } from './service-address.ts';
import { blockOf } from './values.ts';
import { VIRTUAL_SERVER, type VirtualServerDraft } from './virtual-server.ts';

type Choices = Pick<VirtualServer, 'scheduler' | 'method' | 'protocol'>;

const PERSISTENCE_WITHOUT_PORT_SEC = 360;

export function parseVirtualServer(
  statement: Statement,
  global: GlobalDraft,
  scope: Scope,
): VirtualServer | undefined {
  const service = parseService(statement.words, statement, scope);
  if (service === undefined) return undefined;
  const draft = newDraft();
  VIRTUAL_SERVER.read(draft, blockOf(statement, scope), scope);
  const { position } = statement;
  checkPersistence(draft, service, position, scope);
  const choices = choose(draft, service, position, scope);
  const alerts = global.smtpAlertChecker ?? global.smtpAlert;
  return {
    position,
    service,
    schedulerFlags: flagsOf(draft, choices.scheduler, position, scope),
    onePacketScheduling: draft.ops,
    ...choices,
    persistenceTimeoutSec: draft.persistenceTimeoutSec,
    persistenceGranularity:
      draft.persistenceGranularity ?? (service.kind === 'address' && service.family === 6 ? 128 : 32),
    haSuspend: draft.haSuspend,
    alpha: draft.alpha ?? false,
    omega: draft.omega,
    quorum: draft.quorum,
    hysteresis: draft.hysteresis,
    ...(draft.quorumUp === undefined ? {} : { quorumUp: draft.quorumUp }),
    ...(draft.quorumDown === undefined ? {} : { quorumDown: draft.quorumDown }),
    smtpAlert: draft.smtpAlert ?? alerts ?? false,
    ...sorryOf(draft, choices),
    realServers: draft.realServers.map(server =>
      resolveRealServer(server, draft, choices, { alerts: alerts ?? true, global, scope }),
    ),
  };
}

function newDraft(): VirtualServerDraft {
  return {
    schedulerFlags: [],
    ops: false,
    persistenceTimeoutSec: 0,
    haSuspend: false,
    omega: false,
    quorum: 1,
    hysteresis: 0,
    weight: 1,
    inhibitOnFailure: false,
    realServers: [],
  };
}

function checkPersistence(
  draft: VirtualServerDraft,
  service: VirtualService,
  position: Position,
  { report }: Scope,
): void {
  if (service.kind !== 'address' || service.port !== 0 || draft.persistenceTimeoutSec !== 0) return;
  const assumed = `persistence_timeout ${PERSISTENCE_WITHOUT_PORT_SEC} assumed`;
  report.warn(position, `a virtual server without port must be persistent: ${assumed}`);
  draft.persistenceTimeoutSec = PERSISTENCE_WITHOUT_PORT_SEC;
}

/** keepalived's own defaults, UDP among them, each with its warning. */
function choose(
  draft: VirtualServerDraft,
  service: VirtualService,
  position: Position,
  { report }: Scope,
): Choices {
  const { scheduler, method, protocol } = draft;
  if (service.kind === 'fwmark' && protocol !== undefined)
    report.warn(position, `protocol specified for fwmark ${service.fwmark} - protocol will be ignored`);
  if (service.kind !== 'fwmark' && protocol === undefined)
    report.warn(position, 'no protocol set - defaulting to UDP');
  if (scheduler === undefined) report.warn(position, "no scheduler set, setting default 'wlc'");
  if (method === undefined) report.warn(position, 'no forwarding method set, setting default NAT');
  return { scheduler: scheduler ?? 'wlc', method: method ?? 'NAT', protocol: protocol ?? 'UDP' };
}

/** `sh-...` and `mh-...` are for the scheduler they name. */
function flagsOf(
  { schedulerFlags }: VirtualServerDraft,
  scheduler: string,
  position: Position,
  scope: Scope,
): string[] {
  return schedulerFlags.filter(name => {
    const owner = /^(sh|mh)-/.exec(name)?.[1];
    if (owner === undefined || owner === scheduler) return true;
    scope.report.warn(position, `${name} only applies to ${owner} scheduler - ignoring`);
    return false;
  });
}

function sorryOf(draft: VirtualServerDraft, { method }: Choices): { sorryServer?: SorryServer } {
  if (draft.sorry === undefined) return {};
  return {
    sorryServer: { address: draft.sorry, method: draft.sorryMethod ?? method },
  };
}

function resolveRealServer(
  server: RealServerDraft,
  around: VirtualServerDraft,
  { method }: Choices,
  {
    alerts,
    global,
    scope,
  }: { readonly alerts: boolean; readonly global: GlobalDraft; readonly scope: Scope },
): RealServer {
  const { checkers, position, address, notifyUp, notifyDown, uthreshold, lthreshold } = server;
  const defaults: CheckDefaults = { ...inherited(around), ...inherited(server) };
  return {
    position,
    address,
    weight: server.weight ?? around.weight,
    method: server.method ?? method,
    uthreshold,
    lthreshold,
    inhibitOnFailure: server.inhibitOnFailure ?? around.inhibitOnFailure,
    alpha: defaults.alpha ?? false,
    smtpAlert: server.smtpAlert ?? alerts,
    ...(notifyUp === undefined ? {} : { notifyUp }),
    ...(notifyDown === undefined ? {} : { notifyDown }),
    checkers: checkers.flatMap(
      pending =>
        judgeConnection(
          resolveChecker(pending, defaults, address, global.checkerLogAllFailures),
          scope.report,
        ) ?? [],
    ),
  };
}

function inherited(from: CheckDefaults): CheckDefaults {
  const keys = [
    'retry',
    'delayBeforeRetryMs',
    'warmupMs',
    'connectTimeoutMs',
    'delayLoopMs',
    'alpha',
    'virtualhost',
  ] as const;
  return Object.fromEntries(keys.filter(key => from[key] !== undefined).map(key => [key, from[key]]));
}
