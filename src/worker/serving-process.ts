/**
 * From a checked configuration to a process that serves: limits, addresses, threads, then privileges are dropped
 * and connections accepted.
 */
import { setPriority } from 'node:os';
import type { Config } from '../model/config.ts';
import type { Notice } from '../model/notice.ts';
import { probeUring } from '../net/engines/uring/probe.ts';
import { bindListeners } from './listening/bind-listeners.ts';
import { holdCapabilities, troubleOf } from './process/capabilities.ts';
import { Control, type ControlOptions } from './control.ts';
import { dropPrivileges, dropsPrivileges } from './process/privileges.ts';
import { openFilesLimit, renounceNewPrivileges, runOn, setOpenFilesLimit } from './process/process-calls.ts';
import { NoticeBook } from './process/notice-book.ts';
import {
  connectionsWithin,
  FILES_ON_NODE,
  FILES_ON_RING,
  planLimits,
  reachOpenFiles,
  withLimits,
  type LimitRequest,
} from './process/process-limits.ts';
import { allowedProcessors, givenProcessors, mapProcessors } from './process/processor-map.ts';
import { threadCount } from './threads/thread-count.ts';

interface ServingOptions extends Pick<
  ControlOptions,
  | 'config'
  | 'open'
  | 'launcher'
  | 'compiled'
  | 'certificates'
  | 'ticketKeys'
  | 'notice'
  | 'hasPredecessor'
  | 'traces'
  | 'onStopped'
> {
  readonly limits: LimitRequest;
  /** What was said of the configuration. */
  readonly startupLogs: readonly string[];
  /** Addresses are bound, and the rights of the start are still there: time for the pidfile. */
  readonly onBound: () => void;
  /** Connections are accepted. */
  readonly onServing: () => void;
}

/** Undefined when it cannot serve; everything was reported. */
export function startServing(given: ServingOptions): Control | undefined {
  const notices = new NoticeBook(given.startupLogs, given.notice);
  const { notice } = notices;
  const options = { ...given, notice };
  const { open, launcher, compiled, certificates, ticketKeys } = options;
  const { hasPredecessor, traces, onStopped } = options;
  const nbthread = threadCount(options.config, notice);
  keepToProcessors(options.config);
  const config = applyLimits(options, nbthread);
  if (config === undefined) return undefined;
  setRuntimePriority(config, notice);
  holdRights(config, notice);
  const handovers = bindListeners(config, nbthread, notice, open);
  if (handovers === undefined) return undefined;
  const confined = dropsPrivileges(config.global);
  if (confined && !config.global.flags.has('insecure-setuid-wanted')) renounceNewPrivileges();
  const control = Control.start({
    config,
    nbthread,
    open,
    launcher,
    compiled,
    certificates,
    ticketKeys,
    handovers,
    processors: mapProcessors(config.global.otherLines, nbthread),
    notice,
    notices,
    hasPredecessor,
    traces,
    onLoaded: () => {
      if (control !== undefined) begin(control, config, options);
      notices.served();
    },
    onStopped,
  });
  if (control !== undefined) options.onBound();
  return control;
}

function begin(control: Control, { global }: Config, { notice, onServing, onStopped }: ServingOptions): void {
  const refused = dropPrivileges(global, text => notice('warning', text));
  if (refused !== undefined) {
    notice('alert', refused);
    return onStopped(1);
  }
  holdRights({ global }, notice);
  control.serve();
  onServing();
}

/** `setcap`, of this thread; data threads do the same. */
function holdRights({ global }: Pick<Config, 'global'>, notice: Notice): void {
  const trouble = troubleOf(holdCapabilities(global));
  if (trouble !== undefined) notice('warning', trouble);
}

/** `cpu-set`: the whole process keeps off the others. */
function keepToProcessors({ global }: Config): void {
  const given = givenProcessors();
  const allowed = allowedProcessors(global.otherLines, given);
  if (allowed.length > 0 && allowed.length < given.length) runOn(allowed);
}

function applyLimits({ config, limits, notice }: ServingOptions, nbthread: number): Config | undefined {
  const limit = openFilesLimit();
  const filesOfListener = onRing(config) ? FILES_ON_RING : FILES_ON_NODE;
  const occupants = { config, nbthread, filesOfListener };
  const plan = planLimits(occupants, limit, limits);
  if (typeof plan === 'string') {
    notice('alert', plan);
    return undefined;
  }
  const refused = reachOpenFiles(plan, limit, setOpenFilesLimit);
  const openFiles = refused === undefined ? plan.openFiles : limit.soft;
  const most = connectionsWithin(occupants, openFiles);
  const isFatal = config.global.flags.has('strict-limits');
  const trouble =
    most === 0 ? `${openFiles} open files are too few for ${nbthread} threads and their listeners.` : refused;
  if (trouble === undefined) return withLimits(config, plan, limits);
  if (isFatal) {
    notice('alert', trouble);
    return undefined;
  }
  const maxconn = Math.max(1, Math.min(plan.maxconn, most));
  notice('warning', `${trouble} No more than ${maxconn} connections are served at a time.`);
  return withLimits(config, { ...plan, maxconn }, limits);
}

/** Threads will find the same. */
function onRing({ global }: Config): boolean {
  return global.tune.engine !== 'node' && probeUring().usable;
}

function setRuntimePriority({ global }: Config, notice: Notice): void {
  const [priority] = global.tune.other.get('tune.renice.runtime') ?? [];
  if (priority === undefined) return;
  try {
    setPriority(Number(priority));
  } catch (error) {
    notice('warning', `tune.renice.runtime: ${(error as Error).message}`);
  }
}
