/**
 * The file that keepalived writes upon its JSON signal, which exporters read: its members, its order, its numbers for
 * states. Ours stand behind them as `lb`. Pure; called by dump.ts.
 */
import type { IpRouteEntry } from '../model/ip-entry.ts';
import type { KeepalivedConfig } from '../model/keepalived.ts';
import type { ScriptCommand } from '../model/script-command.ts';
import type { InstanceSnapshot, ProcessSnapshot, VrrpSnapshot, VrrpState } from '../model/vrrp-snapshot.ts';
import type { VrrpInstance } from '../model/vrrp-instance.ts';

/** The file may be read by more than the configuration is. */
const HIDDEN = '********';
const STATE: Readonly<Record<VrrpState, number>> = { INIT: 0, BACKUP: 1, MASTER: 2, FAULT: 3 };

export function renderJson(config: KeepalivedConfig, snapshot: VrrpSnapshot): string {
  const { unknownRouterIds, brokenPackets, droppedPackets } = snapshot;
  const node = { unknownRouterIds, brokenPackets, droppedPackets };
  const entries = snapshot.instances.flatMap(shown => {
    const instance = config.instances.find(one => one.name === shown.name);
    if (instance === undefined) return [];
    return [{ data: dataOf(instance, shown, config), stats: statsOf(shown), lb: { instance: shown, node } }];
  });
  const processes = snapshot.processes.map(processOf);
  const whole =
    config.globalDefs.jsonVersion === 1
      ? entries
      : { vrrp: entries, ...present({ track_process: processes.length === 0 ? undefined : processes }) };
  return `${JSON.stringify(whole)}\n`;
}

function processOf({ definition, count, up, isWaiting }: ProcessSnapshot): object {
  const { name, process, paramMatch, quorum, quorumMax, weight, reverse } = definition;
  const parameters = process.slice(1).join(' ');
  return present({
    process: name,
    parameters: parameters === '' ? undefined : parameters,
    param_match: paramMatch ?? 'none',
    min_processes: quorum,
    max_processes: quorumMax === Infinity ? undefined : quorumMax,
    current_processes: count,
    have_quorum: up,
    weight: reverse ? -weight : weight,
    terminate_delay: definition.terminateDelayMs / 1000,
    fork_delay: definition.forkDelayMs / 1000,
    fork_delay_timer_running: isWaiting && !up,
    terminate_delay_timer_running: isWaiting && up,
    full_command: definition.fullCommand,
  });
}

function dataOf(instance: VrrpInstance, shown: InstanceSnapshot, config: KeepalivedConfig): object {
  const { useVmac, interface: base = '', authPass, authKey } = instance;
  const isSealed = authPass !== undefined || authKey !== undefined;
  return {
    iname: instance.name,
    dont_track_primary: Number(instance.dontTrackPrimary),
    skip_check_adv_addr: Number(instance.skipCheckAdvAddr),
    strict_mode: Number(instance.strict),
    vmac_ifname: useVmac?.name ?? '',
    ifp_ifname: useVmac?.name ?? base,
    master_priority: shown.state === 'MASTER' ? 0 : (shown.master?.priority ?? 0),
    last_transition: shown.lastTransition / 1000,
    ...garpOf(instance),
    lower_prio_no_advert: Number(instance.lowerPrioNoAdvert),
    higher_prio_send_advert: Number(instance.higherPrioSendAdvert),
    vrid: instance.virtualRouterId,
    base_priority: instance.priority,
    effective_priority: shown.effectivePriority,
    vipset: shown.holdsAddresses,
    promote_secondaries: instance.promoteSecondaries,
    adver_int: instance.advertIntMs / 1000,
    master_adver_int: shown.masterAdvertIntMs / 1000,
    accept: Number(instance.accept),
    nopreempt: !instance.preempt,
    preempt_delay: instance.preemptDelayMs / 1000,
    state: STATE[shown.state],
    wantstate: STATE[shown.state === 'FAULT' || shown.state === 'INIT' ? shown.configuredState : shown.state],
    version: instance.version,
    smtp_alert: instance.smtpAlert,
    notify_deleted: instance.notify.sayDeleted,
    ...scriptsOf(instance),
    ...holdingsOf(instance, shown),
    ...trackedOf(instance, config),
    auth_type: authKey !== undefined ? 2 : authPass !== undefined ? 1 : 0,
    ...(isSealed ? { auth_data: HIDDEN } : {}),
  };
}

function garpOf({ garp }: VrrpInstance): object {
  return {
    garp_delay: garp.masterDelayMs / 1000,
    garp_refresh: garp.masterRefreshMs / 1000,
    garp_rep: garp.masterRepeat,
    garp_refresh_rep: garp.masterRefreshRepeat,
    garp_lower_prio_delay: garp.lowerPrioDelayMs / 1000,
    garp_lower_prio_rep: garp.lowerPrioRepeat,
  };
}

function scriptsOf({ notify }: VrrpInstance): object {
  return present({
    script_master: commandOf(notify.master),
    script_backup: commandOf(notify.backup),
    script_fault: commandOf(notify.fault),
    script_stop: commandOf(notify.stop),
    script_deleted: commandOf(notify.deleted),
    script: commandOf(notify.any),
    script_master_rx_lower_pri: commandOf(notify.masterRxLowerPri),
  });
}

function holdingsOf(instance: VrrpInstance, shown: InstanceSnapshot): object {
  const set = shown.holdsAddresses ? ' set' : '';
  return present({
    vips: listed(shown.places.map(place => place + set)),
    evips: listed(shown.excludedPlaces.map(place => place + set)),
    vroutes: listed(instance.virtualRoutes.map(route => `${route.mode} ${wordsOf(route)}`)),
    vrules: listed(instance.virtualRules.map(wordsOf)),
  });
}

function trackedOf({ tracking }: VrrpInstance, { scripts }: KeepalivedConfig): object {
  const commands = tracking.scripts.map(({ name }) => scripts.find(one => one.name === name)?.script);
  return present({
    track_ifp: listed(tracking.interfaces.map(({ name }) => name)),
    track_script: listed(commands.flatMap(command => commandOf(command) ?? [])),
    track_process: listed(tracking.processes.map(({ name }) => name)),
  });
}

function statsOf({ counters }: InstanceSnapshot): object {
  const { bad } = counters;
  return {
    advert_rcvd: counters.advertsReceived,
    advert_sent: counters.advertsSent,
    become_master: counters.becameMaster,
    release_master: counters.releasedMaster,
    packet_len_err: bad.length,
    advert_interval_err: counters.intervalDiffers,
    ip_ttl_err: bad.ttl,
    invalid_type_rcvd: bad.type,
    addr_list_err: counters.addressListDiffers,
    invalid_authtype: 0,
    authtype_mismatch: bad.authType,
    auth_failure: bad.authPass,
    auth_ext_missing: bad.hmacMissing,
    auth_ext_malformed: bad.hmacMalformed,
    auth_ext_unknown_key: bad.hmacUnknownKey,
    auth_ext_invalid_hmac: bad.hmacInvalid,
    auth_ext_stale: bad.hmacStale,
    auth_ext_replay: bad.hmacReplay,
    pri_zero_rcvd: counters.priorityZeroReceived,
    pri_zero_sent: counters.priorityZeroSent,
  };
}

function commandOf(command: ScriptCommand | undefined): string | undefined {
  return command?.argv.map(word => `'${word}'`).join(' ');
}

function wordsOf({ words }: IpRouteEntry): string {
  return words.join(' ');
}

/** keepalived leaves out what is empty. */
function listed(texts: readonly string[]): readonly string[] | undefined {
  return texts.length === 0 ? undefined : texts;
}

function present(members: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
